import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { LeaseholdError } from '@leasehold/foundation';
import pg from 'pg';

import { openSchemaEngine, type MigrationList } from './schema-engine.js';

/** The folder with one sub-folder per migration, as Prisma lays it out. Beside src/ and dist/ alike. */
const MIGRATIONS_FOLDER = fileURLToPath(new URL('../migrations/', import.meta.url));
const LOCK_FILE = 'migration_lock.toml';
/** Any number that only this program uses; the schema engine itself locks another one. */
const ADVISORY_LOCK = 7_305_112_002;
const LOCK_TIMEOUT_MS = 120_000;
const CONNECT_TIMEOUT_MS = 5_000;
const CONNECT_ATTEMPTS = 20;
const CONNECT_PAUSE_MS = 500;

/** Postgres is not there yet: still starting, or its port not open. */
const NOT_YET = new Set(['ECONNREFUSED', '57P03']);
const DATABASE_MISSING = '3D000';
/** Somebody else created the database meanwhile. */
const DATABASE_EXISTS = new Set(['42P04', '23505']);

/** The migrations could not be applied; what was applied before the failing one stays. */
export class MigrationFailedError extends LeaseholdError {
  override readonly name = 'MigrationFailedError';

  constructor(message: string, cause?: unknown) {
    super('internal', 'migration-failed', message, { cause });
  }
}

/**
 * Brings the database to the schema of this version and creates it when it is missing. Idempotent, and safe to run from
 * several processes at once: an advisory lock lets one at a time through. Fills `_prisma_migrations` like Prisma's own
 * `migrate deploy`, which may take over at any time.
 *
 * @param log told in a few words what happens
 * @returns the names of the migrations that were applied by this call, in order
 * @throws MigrationFailedError
 */
export async function applyMigrations(databaseUrl: string, log: (line: string) => void): Promise<readonly string[]> {
  const list = await readMigrations();
  const client = await connect(databaseUrl, log);
  try {
    await client.query(`SET lock_timeout = ${LOCK_TIMEOUT_MS}`);
    await client.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCK]);
    const pending = await findPending(client, list);
    if (pending.length === 0) {
      log('the database is up to date');
      return [];
    }
    await forgetInterrupted(client, log);
    log(`applying ${pending.length} migration(s)`);
    return await applyAll(databaseUrl, list, log);
  } catch (error) {
    if (error instanceof MigrationFailedError) throw error;
    throw new MigrationFailedError(`migration failed: ${messageOf(error)}`, error);
  } finally {
    // Ends the advisory lock too.
    await client.end().catch(() => undefined);
  }
}

async function applyAll(
  databaseUrl: string,
  migrationsList: MigrationList,
  log: (line: string) => void,
): Promise<readonly string[]> {
  const { engine, close } = await openSchemaEngine(databaseUrl, scriptsOf(migrationsList));
  try {
    const filters = { externalTables: [], externalEnums: [] };
    const { appliedMigrationNames } = await engine.applyMigrations({ migrationsList, filters });
    for (const name of appliedMigrationNames) log(`applied ${name}`);
    return appliedMigrationNames;
  } finally {
    await close();
  }
}

/** What Prisma's engine would still have to do; loading it (a few hundred ms) is saved when that is nothing. */
async function findPending(client: pg.Client, list: MigrationList): Promise<readonly string[]> {
  const names = list.migrationDirectories.map((directory) => directory.path);
  if (!(await hasHistory(client))) return names;
  const applied = await client.query<{ migration_name: string }>(
    'SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
  );
  const done = new Set(applied.rows.map((row) => row.migration_name));
  return names.filter((name) => !done.has(name));
}

/**
 * Migrations whose process died in their middle have changed nothing (see WholeScripts). Prisma does not know that and
 * would refuse every further migration.
 */
async function forgetInterrupted(client: pg.Client, log: (line: string) => void): Promise<void> {
  if (!(await hasHistory(client))) return;
  const { rowCount } = await client.query(
    'UPDATE _prisma_migrations SET rolled_back_at = now() WHERE finished_at IS NULL AND rolled_back_at IS NULL',
  );
  if (rowCount) log(`beginning again after ${rowCount} interrupted migration(s)`);
}

async function hasHistory(client: pg.Client): Promise<boolean> {
  const table = await client.query<{ name: string | null }>(`SELECT to_regclass('_prisma_migrations')::text AS name`);
  return Boolean(table.rows[0]?.name);
}

function scriptsOf({ migrationDirectories }: MigrationList): ReadonlySet<string> {
  return new Set(
    migrationDirectories.flatMap(({ migrationFile: { content } }) => (content.tag === 'ok' ? [content.value] : [])),
  );
}

/** The migrations of this version as the schema engine wants them, oldest first. */
export async function readMigrations(): Promise<MigrationList> {
  const entries = await readdir(MIGRATIONS_FOLDER, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  names.sort();
  return {
    baseDir: MIGRATIONS_FOLDER,
    lockfile: { path: LOCK_FILE, content: await readFile(`${MIGRATIONS_FOLDER}${LOCK_FILE}`, 'utf8') },
    shadowDbInitScript: '',
    migrationDirectories: await Promise.all(
      names.map(async (name) => ({
        path: name,
        migrationFile: {
          path: 'migration.sql',
          content: { tag: 'ok' as const, value: await readFile(`${MIGRATIONS_FOLDER}${name}/migration.sql`, 'utf8') },
        },
      })),
    ),
  };
}

async function connect(databaseUrl: string, log: (line: string) => void): Promise<pg.Client> {
  for (let attempt = 1; ; attempt++) {
    const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
    // A connection that breaks while idle reports here; the query that needs it fails anyway.
    client.on('error', () => undefined);
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.end().catch(() => undefined);
      const code = (error as { code?: string }).code ?? '';
      const again = code === DATABASE_MISSING || NOT_YET.has(code);
      if (!again || attempt === CONNECT_ATTEMPTS) {
        throw new MigrationFailedError(`cannot connect to postgres: ${messageOf(error)}`, error);
      }
      if (code === DATABASE_MISSING) await createDatabase(databaseUrl, log);
      else await delay(CONNECT_PAUSE_MS);
    }
  }
}

async function createDatabase(databaseUrl: string, log: (line: string) => void): Promise<void> {
  const url = new URL(databaseUrl);
  const name = decodeURIComponent(url.pathname.slice(1));
  url.pathname = '/postgres';
  const client = new pg.Client({ connectionString: url.href, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
    log(`created database ${name}`);
  } catch (error) {
    if (DATABASE_EXISTS.has((error as { code?: string }).code ?? '')) return;
    throw new MigrationFailedError(`cannot create database ${name}: ${messageOf(error)}`, error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
