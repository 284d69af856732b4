import type { Db, DefaultMetricsRecorder } from '@slatedb/uniffi';

import { BUCKET } from '../world/bucket-access.js';

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
  return (await openMeasuredSlateDb(path, settings)).db;
}

/** With what it tells about itself. */
export async function openMeasuredSlateDb(
  path: string,
  settings: SlateDbSettings = {},
): Promise<{ readonly db: Db; readonly metrics: DefaultMetricsRecorder }> {
  const { DbBuilder, DefaultMetricsRecorder, ObjectStore, Settings } = await import('@slatedb/uniffi');
  const builder = new DbBuilder(path, ObjectStore.resolve(`s3://${BUCKET.bucket}`));
  const configured = Settings.default();
  for (const [name, value] of Object.entries({ ...WELL_CONFIGURED, ...settings })) {
    configured.set(name, JSON.stringify(value));
  }
  builder.with_settings(configured);
  const metrics = new DefaultMetricsRecorder();
  builder.with_metrics_recorder(metrics);
  return { db: await builder.build(), metrics };
}
