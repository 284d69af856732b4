import { createBucket, describe, requireFitBucket } from '../probe/probe.js';
import { readStoreSettings } from '../probe/store-settings.js';
import type { Terminal } from '../terminal.js';

/** Makes the bucket if it is missing, and refuses one that does not honour conditions before any service writes to it. */
export async function checkExternalBucket(
  env: Readonly<Record<string, string | undefined>>,
  terminal: Terminal,
): Promise<void> {
  const settings = readStoreSettings(env);
  terminal.say(`probing ${describe(settings)}`);
  await createBucket(settings);
  await requireFitBucket(settings);
}
