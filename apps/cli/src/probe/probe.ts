import { systemClock, systemRandom } from '@leasehold/foundation';
import { PROBE_STEPS, ProbeFailedError, probeStore } from '@leasehold/object-store';
import { createS3Store, ensureBucket } from '@leasehold/object-store-s3';
import { CliError } from '../cli-error.js';
import type { Terminal } from '../terminal.js';
import type { StoreSettings } from './store-settings.js';

/** The whole of `./leasehold probe`. @throws CliError when the bucket does not pass. */
export async function probe(
  settings: StoreSettings,
  terminal: Terminal,
  options: { readonly create: boolean },
): Promise<void> {
  terminal.say(`probing ${describe(settings)}`);
  if (options.create) await createBucket(settings);
  const failure = await tryProbe(settings);
  const failedAt = failure instanceof ProbeFailedError ? PROBE_STEPS.indexOf(failure.step) : PROBE_STEPS.length;
  if (failure !== undefined && !(failure instanceof ProbeFailedError)) throw noAnswer(settings, failure);
  for (const step of PROBE_STEPS.slice(0, failedAt)) terminal.result(`ok      ${step}`);
  if (failure instanceof ProbeFailedError) {
    terminal.result(`FAILED  ${failure.step}`);
    throw new CliError(failure.message, 1, { cause: failure });
  }
  terminal.result('ok: this bucket can hold Leasehold');
}

/** Before anything is started on a bucket that is not ours. @throws CliError with the failed step. */
export async function requireFitBucket(settings: StoreSettings): Promise<void> {
  const failure = await tryProbe(settings);
  if (failure instanceof ProbeFailedError) throw new CliError(failure.message, 1, { cause: failure });
  if (failure !== undefined) throw noAnswer(settings, failure);
}

/** Makes the bucket if it is missing. */
export async function createBucket(settings: StoreSettings): Promise<void> {
  try {
    await ensureBucket(settings);
  } catch (error) {
    const why = error instanceof Error ? error.message || error.name : String(error);
    throw new CliError(`cannot reach ${describe(settings)}: ${why}`, 1, { cause: error });
  }
}

async function tryProbe(settings: StoreSettings): Promise<Error | undefined> {
  const store = createS3Store(settings);
  try {
    await probeStore(store, { clock: systemClock, random: systemRandom });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    store.close();
  }
}

function noAnswer(settings: StoreSettings, error: Error): CliError {
  const cause = error.cause instanceof Error ? `: ${error.cause.message || error.cause.name}` : '';
  return new CliError(`could not probe ${describe(settings)}: ${error.message}${cause}`, 1, { cause: error });
}

export function describe(settings: StoreSettings): string {
  return `bucket ${settings.bucket} at ${settings.endpoint ?? `AWS ${settings.region}`}`;
}
