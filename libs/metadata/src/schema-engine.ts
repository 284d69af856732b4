import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import pg from 'pg';

export type { MigrationList } from '@prisma/schema-engine-wasm/schema_engine_bg';

const ENGINE_MODULE = '@prisma/schema-engine-wasm/schema_engine_bg';
/** One for the work and one for the engine's own lock. */
const MAX_CONNECTIONS = 2;

export interface OpenSchemaEngine {
  readonly engine: bindings.SchemaEngine;
  /** Ends its connections. */
  close(): Promise<void>;
}

/** What we need of the WebAssembly API, which neither ES2023 nor Node's types declare. */
interface WebAssemblyApi {
  instantiate(
    bytes: Uint8Array,
    imports: Readonly<Record<string, unknown>>,
  ): Promise<{ readonly instance: { readonly exports: Readonly<Record<string, unknown>> } }>;
}

/** Of the migration that runs now: the only one begun and not ended, because migrations run one at a time. */
const MARK_FINISHED =
  'UPDATE _prisma_migrations SET finished_at = now() WHERE finished_at IS NULL AND rolled_back_at IS NULL';

/**
 * Sends a script to Postgres whole, because Prisma's own adapter cuts it at every semicolon, also inside a function's body.
 * Statements sent together are one transaction: with the mark among them, a migration that is not marked as finished has
 * changed nothing, wherever its process died.
 */
class WholeScripts extends PrismaPg {
  constructor(
    pool: pg.Pool,
    private readonly migrations: ReadonlySet<string>,
  ) {
    super(pool);
  }

  override async connect(): ReturnType<PrismaPg['connect']> {
    const adapter = await super.connect();
    adapter.executeScript = async (script) => {
      const whole = this.migrations.has(script) ? `${script};\n${MARK_FINISHED}` : script;
      await adapter.underlyingDriver().query(whole);
    };
    return adapter;
  }
}

let loaded: Promise<void> | undefined;

/**
 * Prisma's schema engine as WebAssembly, connected to `databaseUrl`. The native one would have to be downloaded, and
 * Node cannot import a `.wasm` file by itself: the module is put together here from the same parts.
 *
 * @param migrations the scripts that are migrations
 */
export async function openSchemaEngine(
  databaseUrl: string,
  migrations: ReadonlySet<string> = new Set(),
): Promise<OpenSchemaEngine> {
  loaded ??= loadEngine();
  await loaded;
  const pool = new pg.Pool({ connectionString: databaseUrl, max: MAX_CONNECTIONS });
  pool.on('error', () => undefined);
  const adapter = bindMigrationAwareSqlAdapterFactory(new WholeScripts(pool, migrations));
  const engine = await bindings.SchemaEngine.new({ datamodels: undefined }, () => undefined, adapter);
  return { engine, close: () => pool.end() };
}

async function loadEngine(): Promise<void> {
  const file = createRequire(import.meta.url).resolve(ENGINE_MODULE);
  const bytes = await readFile(join(dirname(file), 'schema_engine_bg.wasm'));
  const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyApi };
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': withIdleTimers() });
  bindings.__wbg_set_wasm(instance.exports);
  (instance.exports['__wbindgen_start'] as () => void)();
}

/**
 * The engine's imports, its timers such that they do not keep the process alive: it leaves a timeout of 10 s behind
 * for a lock that it has long got.
 */
function withIdleTimers(): Readonly<Record<string, unknown>> {
  const imports: Record<string, unknown> = { ...bindings };
  for (const [name, value] of Object.entries(bindings)) {
    if (!name.startsWith('__wbg_setTimeout_')) continue;
    const start = value as (...args: readonly unknown[]) => NodeJS.Timeout;
    imports[name] = (...args: readonly unknown[]) => start(...args).unref();
  }
  return imports;
}
