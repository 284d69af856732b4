import { readFile } from 'node:fs/promises';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { startTestPostgres, type TestPostgres } from '@leasehold/metadata-testing';
import pg from 'pg';

import { applyMigrations, MigrationFailedError, readMigrations } from './migrations.js';
import { openSchemaEngine } from './schema-engine.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const quiet = () => undefined;
const FILTERS = { externalTables: [], externalEnums: [] };

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Of this version, oldest first. */
async function allMigrations(): Promise<readonly string[]> {
  return (await readMigrations()).migrationDirectories.map(({ path }) => path);
}

/** The empty table in which Prisma keeps its history. */
async function leaveHistory(url: string): Promise<void> {
  const { engine, close } = await openSchemaEngine(url);
  await engine.applyMigrations({
    migrationsList: { ...(await readMigrations()), migrationDirectories: [] },
    filters: FILTERS,
  });
  await close();
}

/** Every column, index and constraint of our tables, one line each; but for checks, of which a Prisma schema knows nothing. */
async function describeTables(url: string): Promise<readonly unknown[]> {
  const rows = await query(
    url,
    `SELECT line FROM (
       SELECT concat_ws(' ', table_name, column_name, udt_name, datetime_precision, is_nullable, column_default) AS line
         FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> '_prisma_migrations'
       UNION ALL SELECT indexdef FROM pg_indexes
         WHERE schemaname = 'public' AND tablename <> '_prisma_migrations'
       UNION ALL SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
         WHERE contype <> 'c' AND connamespace = 'public'::regnamespace AND conrelid::regclass::text <> '_prisma_migrations'
     ) AS everything ORDER BY line`,
  );
  return rows.map((row) => row['line']);
}

describe('migrations', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  afterAll(() => postgres.close());

  it('creates a missing database and applies everything once', async () => {
    const url = postgres.url('fresh "one"');
    const all = (await readMigrations()).migrationDirectories.map((directory) => directory.path);
    expect(await applyMigrations(url, quiet)).toEqual(all);
    expect(await applyMigrations(url, quiet)).toEqual([]);
  });

  it('lets several processes migrate at once, and only one does the work', async () => {
    const url = postgres.url('contended');
    const applied = await Promise.all(Array.from({ length: 4 }, () => applyMigrations(url, quiet)));
    expect(applied.filter((names) => names.length > 0)).toHaveLength(1);
  });

  it('begins again after dying in the middle of a migration', async () => {
    const url = await postgres.createDatabase();
    await query(
      url,
      'CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION $x$no$x$; END$$',
    );
    await leaveHistory(url);
    // The mark of the end fails, and with it everything that the script did.
    await query(
      url,
      'CREATE TRIGGER refuse BEFORE UPDATE ON _prisma_migrations FOR EACH ROW EXECUTE FUNCTION refuse()',
    );
    await expect(applyMigrations(url, quiet)).rejects.toThrow(MigrationFailedError);
    expect(await query(url, `SELECT to_regclass('users')::text AS users`)).toEqual([{ users: null }]);
    expect(await query(url, 'SELECT finished_at FROM _prisma_migrations')).toEqual([{ finished_at: null }]);
    await query(url, 'DROP TRIGGER refuse ON _prisma_migrations');
    expect(await applyMigrations(url, quiet)).toEqual(await allMigrations());
    expect(await applyMigrations(url, quiet)).toEqual([]);
  });

  it('takes a migration for done from the moment its script is', async () => {
    const url = await postgres.createDatabase();
    await query(
      url,
      'CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION $x$no$x$; END$$',
    );
    await leaveHistory(url);
    // Prisma's own note of the end fails, as if its process had died before.
    await query(
      url,
      `CREATE TRIGGER refuse BEFORE UPDATE ON _prisma_migrations FOR EACH ROW
       WHEN (OLD.applied_steps_count IS DISTINCT FROM NEW.applied_steps_count) EXECUTE FUNCTION refuse()`,
    );
    await expect(applyMigrations(url, quiet)).rejects.toThrow(MigrationFailedError);
    await query(url, 'DROP TRIGGER refuse ON _prisma_migrations');
    // The first one is not among them.
    expect(await applyMigrations(url, quiet)).toEqual((await allMigrations()).slice(1));
    expect(await query(url, `SELECT to_regclass('users')::text AS users`)).toEqual([{ users: 'users' }]);
  });

  it('leaves a history that Prisma itself finds complete', async () => {
    const url = await postgres.createDatabase();
    await applyMigrations(url, quiet);
    const { engine, close } = await openSchemaEngine(url);
    const input = { migrationsList: await readMigrations(), optInToShadowDatabase: false, filters: FILTERS };
    const diagnosis = await engine.diagnoseMigrationHistory(input);
    await close();
    expect(diagnosis).toMatchObject({ editedMigrationNames: [], failedMigrationNames: [], hasMigrationsTable: true });
    expect(diagnosis.history).toBeNull();
  });

  it('arrives exactly at the tables of the Prisma schema', async () => {
    const migrated = await postgres.createDatabase();
    await applyMigrations(migrated, quiet);
    const direct = await postgres.createDatabase();
    const { engine, close } = await openSchemaEngine(direct);
    const content = await readFile(new URL('../schema.prisma', import.meta.url), 'utf8');
    const to = { tag: 'schemaDatamodel' as const, files: [{ path: 'schema.prisma', content }] };
    const script = await engine.diff({ from: { tag: 'empty' }, to, script: true, exitCode: null, filters: FILTERS });
    await close();
    await query(direct, script.stdout ?? '');
    const wanted = await describeTables(direct);
    expect(wanted.length).toBeGreaterThan(50);
    expect(await describeTables(migrated)).toEqual(wanted);
  });

  it('refuses a server that is not there with one clear sentence', async () => {
    await expect(applyMigrations('postgres://postgres@nowhere.invalid:1/x', quiet)).rejects.toThrow(
      MigrationFailedError,
    );
  });

  it('records every change of what the data plane caches, in the transaction that makes it', async () => {
    const url = await postgres.createDatabase();
    await applyMigrations(url, quiet);
    const id = '00000000-0000-4000-8000-000000000001';
    await query(
      url,
      `INSERT INTO organizations (id, name, slug) VALUES ('o', 'O', 'o');
       INSERT INTO databases (id, organization_id, name) VALUES ('${id}', 'o', 'one');
       UPDATE databases SET name = 'two' WHERE id = '${id}';
       UPDATE databases SET deleted_at = now() WHERE id = '${id}';
       INSERT INTO api_keys (id, organization_id, name, secret_hash, last_four) VALUES ('k', 'o', 'k', '\\x00', 'abcd');
       UPDATE api_keys SET revoked_at = now();
       DELETE FROM api_keys;
       INSERT INTO organization_settings (organization_id) VALUES ('o');
       UPDATE organization_settings SET cors_origins = '{*}';
       DELETE FROM organization_settings;
       INSERT INTO token_keys (kid, public_key) VALUES ('t', '\\x00');
       UPDATE token_keys SET published_at = now();
       DELETE FROM token_keys`,
    );
    await query(url, 'BEGIN; DELETE FROM databases; ROLLBACK');
    const rows = await query(url, `SELECT kind || ' ' || subject AS change FROM changes ORDER BY id`);
    expect(rows.map((row) => row['change'])).toEqual([
      'database one',
      'database one',
      'database two',
      'database two',
      'api-key k',
      'api-key k',
      'api-key k',
      ...['tenant o', 'tenant o', 'tenant o'],
      ...['token-key t', 'token-key t', 'token-key t'],
    ]);
  });
});
