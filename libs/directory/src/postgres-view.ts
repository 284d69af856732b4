import type { ChangePosition, StoreView } from './store-view.js';

/** Transactions under way that a view names one by one. With more of them it says only what had ended before the first of these. */
const MAX_NAMED = 16;

/**
 * Which server answers: one that has taken its place may give the same numbers to other transactions. So may one that goes on after a crash of one of its processes:
 * numbers of which nothing was on disk by then it gives again. When it was started does not tell that, but it begins its statistics anew.
 */
const SERVER = `concat_ws('.', extract(epoch FROM pg_postmaster_start_time()), extract(epoch FROM pg_stat_get_bgwriter_stat_reset_time()))`;

/**
 * The column that tells where the feed of changes goes on: the transactions whose changes this statement sees. Of a standby those before the first that is under way there,
 * which is all that its snapshots are sure of: what it sees of later ones it tells again.
 */
export const CURSOR_COLUMN = `${SERVER} || '/' || CASE WHEN pg_is_in_recovery()
    THEN concat_ws(':', pg_snapshot_xmin(pg_current_snapshot()), pg_snapshot_xmin(pg_current_snapshot()), '')
    ELSE pg_current_snapshot()::text END AS cursor`;

/** Snapshots as Postgres writes them: no transaction has so high a number, and none a lower one. */
export const SEES_ALL = `${2n ** 63n - 1n}:${2n ** 63n - 1n}:`;
export const SEES_NOTHING = '1:1:';

/** Whether it is the one of this name, which is a parameter. */
export function isServer(name: string): string {
  return `${SERVER} = ${name}`;
}

/** The column that tells {@link PostgresView.of} what the statement around it sees. Null of a standby: its snapshots do not name who is under way. */
export const VIEW_COLUMN = `CASE WHEN NOT pg_is_in_recovery() THEN ${SERVER} || '/' || pg_current_snapshot()::text END AS view`;

/** The column that tells where a row of `changes` was made. */
export const POSITION_COLUMN = `${SERVER} || '/' || transaction_id::text AS position`;

const VIEW_FORM = /^([\d.]+)\/(\d+):(\d+):([\d,]*)$/;
const POSITION_FORM = /^([\d.]+)\/(\d+)$/;

/**
 * What one statement of Postgres saw: the transactions that had ended when its snapshot was taken, by their own numbers. No clock tells that, and
 * neither does the order of the numbers: a transaction may commit long after later ones.
 */
export class PostgresView implements StoreView {
  /** Of up to 100,000 of them in memory, so it stays a short text. */
  private constructor(private readonly text: string) {}

  /** Undefined of what is no view, so that nothing is taken for seen. */
  static of(text: string | null): PostgresView | undefined {
    const [, server, horizon, , named] = VIEW_FORM.exec(text ?? '') ?? [];
    if (text === null || horizon === undefined) return undefined;
    const isShort = (named ?? '').split(',').length <= MAX_NAMED;
    return new PostgresView(isShort ? text : `${server}/${horizon}:${horizon}:`);
  }

  includes(position: ChangePosition): boolean {
    const [, server, transaction] = POSITION_FORM.exec(position) ?? [];
    const [, sameServer, , end, named] = VIEW_FORM.exec(this.text) ?? [];
    if (server === undefined || transaction === undefined || server !== sameServer || end === undefined) return false;
    return BigInt(transaction) < BigInt(end) && !(named ?? '').split(',').includes(transaction);
  }
}
