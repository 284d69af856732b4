import type { Db, Settings } from '@slatedb/uniffi';

/** The peer: its binding for Node, a development dependency of the benchmark only. */
export const SLATEDB = 'SlateDB 0.12.1';

export interface SlateDbSettings {
  /** JSON values by their path in its settings, `compactor_options.poll_interval` for instance. */
  readonly [path: string]: unknown;
}

/** What we change of its defaults everywhere; the rest it knows best. */
const WELL_CONFIGURED: SlateDbSettings = {
  // As our blocks.
  compression_codec: 'Lz4',
};

/** Opens a database in the bucket that the environment names, as it is recommended: WAL on, caches and compactor at their defaults. */
export async function openSlateDb(path: string, settings: SlateDbSettings = {}): Promise<Db> {
  const { DbBuilder, ObjectStore, Settings } = await import('@slatedb/uniffi');
  const store = ObjectStore.resolve('s3://bench');
  const builder = new DbBuilder(path, store);
  const configured: Settings = Settings.default();
  for (const [name, value] of Object.entries({ ...WELL_CONFIGURED, ...settings })) {
    configured.set(name, JSON.stringify(value));
  }
  builder.with_settings(configured);
  return builder.build();
}
