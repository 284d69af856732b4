import { isLeaseholdError } from '@leasehold/foundation';
import type { ScrubFinding, ScrubReport } from '@leasehold/scrub';
import { scrubBucket } from '@leasehold/scrub';

import { CliError } from '../cli-error.js';
import type { Terminal } from '../terminal.js';
import type { OpenBucket } from './open-bucket.js';

const MS_PER_SECOND = 1_000;

export interface ScrubCommandOptions {
  readonly json: boolean;
  /** Names every object that was found, also those that nobody references. */
  readonly verbose: boolean;
  /** Younger orphans are counted apart. */
  readonly graceSeconds: number;
}

/**
 * The whole of `./leasehold scrub`: reads the bucket and prints what it holds, with `json` as one line.
 * @throws CliError when something that is referenced is missing or damaged, or the bucket does not answer
 */
export async function scrub(bucket: OpenBucket, options: ScrubCommandOptions, terminal: Terminal): Promise<void> {
  const { json, verbose, graceSeconds } = options;
  terminal.say(`scrubbing ${bucket.name}`);
  const { findings, ...counts } = await read(bucket, graceSeconds * MS_PER_SECOND);
  terminal.result(
    json ? JSON.stringify(verbose ? { ...counts, findings } : counts) : textOf(counts, findings, verbose),
  );
  const { missing, corrupt, databases, sessions } = counts;
  if (databases + sessions === 0) terminal.say('there is no database in it, and no worker: is it the right one?');
  if (missing + corrupt > 0) throw new CliError(`${missing} objects are missing and ${corrupt} are damaged`);
}

async function read(bucket: OpenBucket, graceMs: number): Promise<ScrubReport> {
  try {
    return await scrubBucket({ store: bucket.store }, { graceMs });
  } catch (error) {
    if (!isLeaseholdError(error, 'unavailable')) throw error;
    const cause = error.cause instanceof Error ? `: ${error.cause.message || error.cause.name}` : '';
    throw new CliError(`could not read ${bucket.name}: ${error.message}${cause}`, 1, { cause: error });
  } finally {
    await bucket.close();
  }
}

function textOf(counts: Omit<ScrubReport, 'findings'>, findings: readonly ScrubFinding[], verbose: boolean): string {
  const told = findings.filter(({ kind }) => verbose || kind === 'missing' || kind === 'corrupt');
  return [
    ...told.map(({ kind, name, why }) => `${kind.padEnd(8)}${name}: ${why}`),
    ...Object.entries(counts).map(([name, count]) => `${name.padEnd(12)}${count}`),
  ].join('\n');
}
