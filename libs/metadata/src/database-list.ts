import { DATABASE_COLUMNS, recordOfRow, type DatabaseRecord, type DatabaseRow } from './database-record.js';
import { Prisma, type PrismaClient } from './generated/client.js';

/** Which databases of an organization are wanted: those that all of these are true of. */
export interface DatabaseFilter {
  /** Of names, with a `*` that stands for any text; undefined: all. */
  readonly patterns?: readonly string[] | undefined;
  /** Names that begin so. */
  readonly search?: string | undefined;
  readonly label?: { readonly key: string; readonly value: string } | undefined;
  /** Those that are deleted and whose purge has not begun, in place of those that are alive. */
  readonly deleted?: boolean | undefined;
}

/** Behind every character that a name can have. */
const END_OF_NAMES = '~';
const NO_ID = '00000000-0000-0000-0000-000000000000';

/** The place of a database in a list: names of deleted ones may repeat. */
export function placeOf({ id, name, deletedAt }: Pick<DatabaseRecord, 'id' | 'name' | 'deletedAt'>): string {
  return deletedAt === null ? name : `${name}/${id}`;
}

/**
 * One statement for a page in the order of names. Whatever the filter, its rows are a piece of an index in that order, so that a page costs the
 * same among a thousand and among a hundred thousand. The exception is a pattern with a star before other characters: between its bounds
 * every name is looked at.
 */
export function listStatement(
  organizationId: string,
  after: string | undefined,
  limit: number,
  { patterns, search, label, deleted = false }: DatabaseFilter,
): Prisma.Sql {
  // Names and labels are two tables that have the name alike.
  const at = Prisma.raw(label === undefined ? 'd' : 'l');
  const id = Prisma.raw(label === undefined ? 'd.id' : 'l.database_id');
  const [low, high] = boundsOf(patterns, search);
  const conditions = [Prisma.sql`${at}.organization_id = ${organizationId}`];
  if (label === undefined)
    conditions.push(deleted ? Prisma.sql`d.deleted_at IS NOT NULL` : Prisma.sql`d.deleted_at IS NULL`);
  else conditions.push(Prisma.sql`l.key = ${label.key} AND l.value = ${label.value} AND l.deleted = ${deleted}`);
  // Not by `purge_at`, which the planner takes for rarer than it is among deleted ones: it would sort them all. Who is due is purged within minutes.
  if (deleted) conditions.push(Prisma.sql`d.purge_begun_at IS NULL`);
  if (low !== undefined) conditions.push(Prisma.sql`${at}.name >= ${low}`);
  if (high !== undefined) conditions.push(Prisma.sql`${at}.name < ${high}`);
  if (after !== undefined) conditions.push(isBehind(after, at, id, deleted));
  if (patterns !== undefined) {
    const likes = patterns.map((pattern) => pattern.replaceAll('_', String.raw`\_`).replaceAll('*', '%'));
    conditions.push(Prisma.sql`${at}.name LIKE ANY(${likes})`);
  }
  const from =
    label === undefined
      ? Prisma.sql`databases d`
      : Prisma.sql`database_labels l JOIN databases d ON d.id = l.database_id`;
  const order = deleted ? Prisma.sql`${at}.name, ${id}` : Prisma.sql`${at}.name`;
  return Prisma.sql`SELECT ${DATABASE_COLUMNS} FROM ${from} WHERE ${Prisma.join(conditions, ' AND ')}
    ORDER BY ${order} LIMIT ${limit}::int`;
}

export async function listDatabases(prisma: PrismaClient, statement: Prisma.Sql): Promise<readonly DatabaseRecord[]> {
  return (await prisma.$queryRaw<DatabaseRow[]>(statement)).map(recordOfRow);
}

function isBehind(after: string, at: Prisma.Sql, id: Prisma.Sql, deleted: boolean): Prisma.Sql {
  if (!deleted) return Prisma.sql`${at}.name > ${after}`;
  const [name = '', place = ''] = after.split('/', 2);
  const behind = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(place) ? place : NO_ID;
  return Prisma.sql`(${at}.name, ${id}) > (${name}, ${behind}::uuid)`;
}

/** Between which names all that are wanted lie; undefined: no bound. Names are ASCII, and compared byte by byte. */
function boundsOf(
  patterns: readonly string[] | undefined,
  search: string | undefined,
): readonly [low: string | undefined, high: string | undefined] {
  const lows: string[] = [];
  const highs: string[] = [];
  if (search !== undefined) {
    lows.push(search);
    highs.push(search + END_OF_NAMES);
  }
  if (patterns !== undefined) {
    const beginnings = patterns.map((pattern) => pattern.split('*', 1)[0] ?? '').sort();
    lows.push(beginnings[0] ?? '');
    highs.push(maxOf(beginnings.map((beginning) => beginning + END_OF_NAMES)) ?? '');
  }
  return [maxOf(lows), highs.sort()[0]];
}

function maxOf(texts: readonly string[]): string | undefined {
  return [...texts].sort().at(-1);
}
