import type { DatabaseId, SessionId } from '@leasehold/foundation';
import { mergeTraffic, type Traffic, type TrafficRecord } from '@leasehold/metering';
import type pg from 'pg';

import { columnsOf } from './columns.js';
import { RecordLedger } from './record-ledger.js';

const PLACE = { records: 'traffic_records', progress: 'traffic_progress', takerLock: 7_220_148 } as const;

/** The two kinds of rows, what is drawn closely and what is drawn for long: `span` minutes each, and how long they stay. */
const KEPT_ROWS = [
  { span: 1, days: 3 },
  { span: 60, days: 100 },
] as const;
/** How long records stay in the bucket. What comes later than that is not counted. */
const KEPT_RECORDS_DAYS = 7;
/** How far ahead the clock of a gateway may be: rows of what is to come would stay until then. */
const CLOCKS_APART_MINUTES = 24 * 60;
/** Rows that are deleted at a time, of each kind; a pass a minute keeps up with 300 databases that were busy in each second. */
const FORGOTTEN_AT_ONCE = 20_000;

const MARK = `INSERT INTO traffic_records (session, number, reaches_to) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`;
const NOW_MINUTE = `SELECT floor(extract(epoch FROM now()) / 60)::int AS minute`;
const KNOWN = `
  SELECT t.database_id, t.span, t.minute, t.requests, t.errors, t.cold_starts, t.cold_phases, t.latency
  FROM traffic t JOIN unnest($1::uuid[], $2::int[], $3::int[]) AS k (d, s, m)
    ON t.database_id = k.d AND t.span = k.s AND t.minute = k.m`;
const SET = `
  INSERT INTO traffic (database_id, span, minute, requests, errors, cold_starts, cold_phases, latency)
  SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[], $4::bigint[], $5::bigint[], $6::bigint[], $7::jsonb[], $8::jsonb[])
  ON CONFLICT (database_id, span, minute) DO UPDATE SET requests = EXCLUDED.requests, errors = EXCLUDED.errors,
    cold_starts = EXCLUDED.cold_starts, cold_phases = EXCLUDED.cold_phases, latency = EXCLUDED.latency`;
const FORGET_ROWS = `
  DELETE FROM traffic WHERE (database_id, span, minute) IN (
    SELECT database_id, span, minute FROM traffic
    WHERE span = $1 AND minute < floor(extract(epoch FROM now()) / 60)::int - $2 ORDER BY minute LIMIT ${FORGOTTEN_AT_ONCE})`;
const OLD_RECORDS = `
  SELECT session, number FROM traffic_records WHERE reaches_to < now() - make_interval(days => ${KEPT_RECORDS_DAYS})
  ORDER BY reaches_to LIMIT $1`;
const FORGET_RECORDS = `
  DELETE FROM traffic_records WHERE (session, number) IN (SELECT * FROM unnest($1::text[], $2::bigint[]))`;

export interface TakenTraffic {
  /** False: it had been taken before, and nothing changed. */
  readonly isNew: boolean;
  /** None: nothing of it contradicts anything. */
  readonly conflicts: readonly DatabaseId[];
}

interface Row extends Traffic {
  readonly database: DatabaseId;
  readonly span: number;
  /** With which the span begins. */
  readonly minute: number;
}

interface SqlRow {
  readonly database_id: DatabaseId;
  readonly span: number;
  readonly minute: number;
  readonly requests: string;
  readonly errors: string;
  readonly cold_starts: string;
  readonly cold_phases: Traffic['coldPhases'];
  readonly latency: readonly (readonly [number, number])[];
}

/** Traffic records of the bucket, added up by minute and by hour in the control plane's Postgres: each record once. */
export class TrafficLedger extends RecordLedger<TrafficRecord, TakenTraffic> {
  constructor(databaseUrl: string) {
    super(databaseUrl, PLACE);
  }

  /** Lets go of rows that are too old, some at a time. @throws LeaseholdError `unavailable` */
  async forgetRows(): Promise<void> {
    for (const { span, days } of KEPT_ROWS) {
      await this.ask((client) => client.query(FORGET_ROWS, [span, days * 24 * 60]));
    }
  }

  /** Records that may go from the bucket. @throws LeaseholdError `unavailable` */
  async oldRecords(limit: number): Promise<readonly { readonly session: SessionId; readonly number: number }[]> {
    const { rows } = await this.ask((client) =>
      client.query<{ session: SessionId; number: string }>(OLD_RECORDS, [limit]),
    );
    return rows.map(({ session, number }) => ({ session, number: Number(number) }));
  }

  /** They are gone from the bucket. @throws LeaseholdError `unavailable` */
  async forgetRecords(gone: readonly { readonly session: SessionId; readonly number: number }[]): Promise<void> {
    const columns = [gone.map(({ session }) => session), gone.map(({ number }) => number)];
    await this.ask((client) => client.query(FORGET_RECORDS, columns));
  }

  protected async takeIn(client: pg.ClientBase, record: TrafficRecord): Promise<TakenTraffic> {
    const { rowCount } = await client.query(MARK, [record.session, record.number, new Date(record.to)]);
    if (rowCount === 0) return { isNew: false, conflicts: [] };
    const { rows } = await client.query<{ minute: number }>(NOW_MINUTE);
    const now = rows[0]?.minute ?? 0;
    const [oldest, newest] = [now - KEPT_RECORDS_DAYS * 24 * 60, now + CLOCKS_APART_MINUTES];
    const told = record.minutes.filter(({ minute }) => minute >= oldest && minute <= newest);
    await add(
      client,
      KEPT_ROWS.flatMap(({ span }) =>
        told.map((each) => ({ ...each, span, minute: each.minute - (each.minute % span) })),
      ),
    );
    return { isNew: true, conflicts: [] };
  }
}

async function add(client: pg.ClientBase, told: readonly Row[]): Promise<void> {
  const rows = new Map<string, Row[]>();
  for (const row of told) {
    const place = placeOf(row);
    const group = rows.get(place);
    if (group === undefined) rows.set(place, [row]);
    else group.push(row);
  }
  const places = [...rows.values()].flatMap(([row]) => (row === undefined ? [] : [row]));
  const known = await client.query<SqlRow>(
    KNOWN,
    columnsOf(places, 3, ({ database, span, minute }) => [database, span, minute]),
  );
  for (const row of known.rows.map(rowOf)) rows.get(placeOf(row))?.push(row);
  const merged = [...rows.values()].map((group) => ({ ...(group[0] as Row), ...mergeTraffic(group) }));
  const values = columnsOf(merged, 8, ({ coldPhases, latency, ...row }) => [
    ...[row.database, row.span, row.minute, row.requests, row.errors, row.coldStarts],
    ...[JSON.stringify(coldPhases), JSON.stringify([...latency].sort(([a], [b]) => a - b))],
  ]);
  await client.query(SET, values);
}

function placeOf({ database, span, minute }: Row): string {
  return `${database} ${span} ${minute}`;
}

function rowOf(row: SqlRow): Row {
  const { database_id: database, span, minute, cold_phases: coldPhases } = row;
  return {
    ...{ database, span, minute, coldPhases },
    requests: Number(row.requests),
    errors: Number(row.errors),
    coldStarts: Number(row.cold_starts),
    latency: new Map(row.latency),
  };
}
