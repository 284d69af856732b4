import { ensureBucket } from '@leasehold/object-store-s3';
import { CliError } from '../cli-error.js';
import { describe, requireFitBucket } from '../probe/probe.js';
import { readStoreSettings } from '../probe/store-settings.js';
import type { Terminal } from '../terminal.js';

/** Makes the bucket if it is missing, and refuses one that does not honour conditions before any service writes to it. */
export async function checkExternalBucket(
  env: Readonly<Record<string, string | undefined>>,
  terminal: Terminal,
): Promise<void> {
  const settings = readStoreSettings(env);
  terminal.say(`probing ${describe(settings)}`);
  try {
    await ensureBucket(settings);
  } catch (error) {
    const why = error instanceof Error ? error.message || error.name : String(error);
    throw new CliError(`cannot reach ${describe(settings)}: ${why}`, 1, { cause: error });
  }
  await requireFitBucket(settings);
}
