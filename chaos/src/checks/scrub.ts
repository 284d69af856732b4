import { systemClock, systemRandom } from '@leasehold/foundation';
import type { ObjectStore } from '@leasehold/object-store';
import { reliableReads } from '@leasehold/object-store';
import type { ScrubReport } from '@leasehold/scrub';
import { scrubBucket } from '@leasehold/scrub';

/** What a scrub counts, and the first things that it found wrong. Orphans are none of them: they wait for gc and purge. */
export type ScrubResult = Omit<ScrubReport, 'findings'> & { readonly wrong: readonly string[] };

const WRONG_SHOWN = 20;

export async function scrub(store: ObjectStore): Promise<ScrubResult> {
  const { findings, ...counts } = await scrubBucket({ store: reliableReads(store, systemClock, systemRandom) });
  const wrong = findings.filter(({ kind }) => kind === 'missing' || kind === 'corrupt');
  return { ...counts, wrong: wrong.slice(0, WRONG_SHOWN).map(({ kind, name, why }) => `${kind}: ${name}: ${why}`) };
}
