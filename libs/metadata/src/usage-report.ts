import { systemClock, type Clock } from '@leasehold/foundation';

import { Prisma } from './generated/client.js';
import { isTimedOut } from './outage.js';
import { UsageTooLargeError, type UsagePlace, type UsageQuestion, type UsageRow } from './usage-question.js';
import { databasesOfLook, usageStatement, type UsageSqlRow } from './usage-statement.js';
import { databaseHours, nextWindow, stepBegin, stepBehind, type UsageWindow } from './usage-window.js';

/** Hours of databases in one look: a second or two where each of them was used in each. */
const MAX_DATABASE_HOURS = 100_000;
/**
 * As many times more where rows are of all databases. Where most of them are idle, what that costs is to find each of them, for however many hours: so a second look
 * goes further. Where all are busy the first takes seconds, and one that went further would never end.
 */
const ALL_DATABASES = [2, 20] as const;
/** The first look was among idle databases if it took no longer: another of ten times as much takes seconds. */
const QUICK_MS = 500;
/** Each look for a page that has found too few is so much wider: databases that were not used are passed over fast. */
const WIDER = 4;
/** Its row of what is complete; traffic has another. */
const USAGE = 1;
/** Looks for one page. A page that has not enough rows by then ends where they end. */
const MAX_LOOKS = 8;

export interface UsagePage {
  readonly rows: readonly UsageRow[];
  /** Where there may be more; undefined: there is none. */
  readonly next: UsagePlace | undefined;
}

/** What organizations used, as far as records are rolled up (`UsageLedger`). Deleted databases stay in it; they store nothing any more. */
export class UsageReport {
  constructor(
    private readonly prisma: Pick<Prisma.TransactionClient, '$queryRaw' | 'usageProgress'>,
    private readonly maxDatabaseHours = MAX_DATABASE_HOURS,
    private readonly clock: Pick<Clock, 'monotonic'> = systemClock,
  ) {}

  /** Every record that was in the bucket then is in the report; undefined: nobody has looked yet. */
  async completeTo(): Promise<Date | undefined> {
    return (await this.prisma.usageProgress.findUnique({ where: { id: USAGE } }))?.completeTo;
  }

  /** By time, then by group; steps and groups without usage have no row. As many pages as it takes. */
  async rows(organizationId: string, question: UsageQuestion): Promise<readonly UsageRow[]> {
    const rows: UsageRow[] = [];
    let after = question.after;
    // Ends: each page goes on behind the one before.
    for (;;) {
      const page = await this.page(organizationId, { ...question, after, limit: question.limit - rows.length });
      rows.push(...page.rows);
      if (page.next === undefined || rows.length >= question.limit) return rows;
      after = page.next;
    }
  }

  /**
   * The next of these rows: `limit` of them, or fewer where they took too many looks, though there are more. What a page costs is bounded, however many databases the
   * organization has; only a month or day of everything together is one look, whatever it takes.
   *
   * @throws UsageTooLargeError that one look took longer than a statement may
   */
  async page(organizationId: string, question: UsageQuestion): Promise<UsagePage> {
    const { step, group, limit } = question;
    const [from, to] = [question.from.getTime(), question.to.getTime()];
    const databases = question.databaseId === undefined ? await this.databasesOf(organizationId) : 1;
    const rows: UsageRow[] = [];
    let after = question.after;
    const isByDatabase = group === 'database';
    let tookMs = 0;
    for (let looks = 0; looks < (isByDatabase ? MAX_LOOKS : ALL_DATABASES.length); looks++) {
      if (!isByDatabase && tookMs > QUICK_MS) break;
      const maxDatabaseHours = this.maxDatabaseHours * (isByDatabase ? 1 : (ALL_DATABASES[looks] ?? 1));
      const at = Math.max(from, after?.from.getTime() ?? from);
      if (at >= to) return { rows, next: undefined };
      const rest = { from: at, to, step, isByDatabase };
      // One more tells that there are more.
      const wanted = limit - rows.length + 1;
      const bounds = { maxDatabaseHours, rows: wanted * WIDER ** looks };
      const window = nextWindow(rest, databases, bounds);
      const begunMs = this.clock.monotonic();
      const look = await this.look(organizationId, { ...question, after, limit: wanted }, window).catch(
        (error: unknown) => {
          if (!isTimedOut(error)) throw error;
          // What was found so far is a page; the next one looks at less at first.
          if (looks > 0) return undefined;
          if (databaseHours(window, databases) > maxDatabaseHours) {
            throw new UsageTooLargeError(step, group, { cause: error });
          }
          throw error;
        },
      );
      if (look === undefined) break;
      tookMs = this.clock.monotonic() - begunMs;
      rows.push(...look.rows);
      if (rows.length > limit) {
        const kept = rows.slice(0, limit);
        return { rows: kept, next: kept.at(-1) };
      }
      after = look.next;
    }
    return { rows, next: after };
  }

  private async look(organizationId: string, question: UsageQuestion, window: UsageWindow) {
    const { step, after } = question;
    const afterId = window.databases === undefined ? undefined : after?.place;
    const begin = stepBegin(step, window.from);
    const behind = { from: new Date(stepBehind(step, window.to - 1, 1)), place: undefined };
    const mine = databasesOfLook(organizationId, question, afterId, window.databases);
    const last =
      window.databases === undefined
        ? undefined
        : (
            await this.prisma.$queryRaw<{ id: string | null }[]>`
            SELECT max(id::text COLLATE "C") AS id FROM (${mine}) AS piece HAVING count(*) = ${window.databases}`
          )[0]?.id;
    const found = await this.prisma.$queryRaw<UsageSqlRow[]>(usageStatement(question, window, mine));
    const rows = found.map(({ storedByteMs, ...row }): UsageRow => ({ ...row, storedByteMs: BigInt(storedByteMs) }));
    return { rows, next: last ? { from: new Date(begin), place: last } : behind };
  }

  private async databasesOf(organizationId: string): Promise<number> {
    const [row] = await this.prisma.$queryRaw<{ count: bigint }[]>(
      Prisma.sql`SELECT count(*) AS count FROM database_owners WHERE organization_id = ${organizationId}`,
    );
    return Number(row?.count ?? 0);
  }
}
