import type { DatabaseId } from '@leasehold/foundation';
import type { SettleContext } from '@leasehold/object-store';

import type { SstRef } from '../format/sst-ref.js';
import { HeadStore } from '../head/head-store.js';
import { MissingFileError } from '../sst/missing-file-error.js';
import { applyCompaction, rejectCompaction } from './apply.js';
import { MergeMeter, UNWATCHED, type CompactionWatch } from './compaction-watch.js';
import { executeCompaction } from './execute.js';
import type { CompactionKind, CompactionSettings } from './plan.js';
import { COMPACTION_SETTINGS, planCompaction } from './plan.js';

/** A merge whose inputs vanish means that another compactor works here too: leave it the database after so many. */
export const COMPACTION_TRIES = 3;

export interface CompactionReport {
  /**
   * - `compacted`: our merge was published
   * - `idle`: nothing to do (or no such database)
   * - `skipped`: the database is quarantined or deleted
   * - `superseded`: somebody else kept replacing our inputs; a later job sees what is left
   */
  readonly outcome: 'compacted' | 'idle' | 'skipped' | 'superseded';
  /** Of what was compacted. */
  readonly kind: CompactionKind | undefined;
  readonly tries: number;
  readonly inputFiles: number;
  readonly outputFiles: number;
  readonly inputBytes: number;
  readonly outputBytes: number;
  readonly droppedEntries: number;
}

/**
 * The whole job: load, plan, merge, publish by CAS. Safe to run twice, late, beside the owner and beside another compactor: until the
 * CAS its files are unreferenced, and the CAS names exactly the inputs that it replaces. What is left behind by a crash is gc's.
 *
 * The context's signal ends a merge between two chunks of what it reads. Nothing has changed then: what was written is gc's.
 *
 * @throws the signal's reason
 * @throws UnknownOutcomeError, StoreUnavailableError, HeadContentionError: run the job again later
 * @throws CorruptBytesError: an input is damaged; nothing was changed
 */
export async function compactDatabase(
  ctx: SettleContext,
  databaseId: DatabaseId,
  overrides: Partial<CompactionSettings> = {},
  watch: CompactionWatch = UNWATCHED,
): Promise<CompactionReport> {
  const settings = { ...COMPACTION_SETTINGS, ...overrides };
  const heads = new HeadStore(ctx);
  for (let tries = 1; tries <= COMPACTION_TRIES; tries++) {
    const base = await heads.load(databaseId);
    if (base === undefined) return report('idle', tries);
    if (base.head.quarantined || base.head.deletedAt !== undefined) return report('skipped', tries);
    const plan = planCompaction(base.head, ctx.clock.now(), settings);
    if (plan === undefined) return report('idle', tries);
    try {
      const output = await executeCompaction(ctx, base.head, plan, settings, new MergeMeter(watch, plan, ctx.signal));
      // Over any owner: a takeover changes who writes, not what these files hold.
      const edit = await watch.publish(() =>
        heads.edit(base, (head) => applyCompaction(head, plan, output), { acrossOwners: true }),
      );
      if (edit.outcome === 'done') {
        const read = [...plan.l0, ...plan.l1, ...plan.records].filter((ref) => !output.untouched.includes(ref));
        const { droppedEntries } = output;
        return { ...report('compacted', tries, read, output.files), kind: plan.kind, droppedEntries };
      }
      if (edit.current === undefined) return report('idle', tries);
      if (rejectCompaction(edit.current.head, plan, output) === 'frozen') return report('skipped', tries);
    } catch (error) {
      if (!(error instanceof MissingFileError)) throw error;
    }
  }
  return report('superseded', COMPACTION_TRIES);
}

function report(
  outcome: CompactionReport['outcome'],
  tries: number,
  inputs: readonly SstRef[] = [],
  outputs: readonly SstRef[] = [],
): CompactionReport {
  const bytes = (refs: readonly SstRef[]): number => refs.reduce((sum, ref) => sum + ref.sizeBytes, 0);
  return {
    outcome,
    kind: undefined,
    tries,
    inputFiles: inputs.length,
    outputFiles: outputs.length,
    inputBytes: bytes(inputs),
    outputBytes: bytes(outputs),
    droppedEntries: 0,
  };
}
