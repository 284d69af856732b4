import type { Clock } from '@leasehold/foundation';

import type { PartLook } from './part-health.js';

/** Whatever a part is asked, it has so long to answer. */
export const PROBE_TIMEOUT_MS = 3_000;

/** What came of asking: what the part said, or that it said nothing. */
export type Probed = Pick<PartLook, 'state' | 'detail'>;

/**
 * Asks a part, and waits no longer than {@link PROBE_TIMEOUT_MS}: one that hangs hangs nobody. Never rejects; a failure is no answer, and its
 * message is told to nobody, because it may name addresses and secrets.
 *
 * @param ask should give up by the signal; what it answers later is dropped
 */
export async function probe(
  clock: Clock,
  ask: (signal: AbortSignal) => Promise<Probed>,
  timeoutMs = PROBE_TIMEOUT_MS,
): Promise<Probed & Pick<PartLook, 'latencyMs'>> {
  const begunMs = clock.monotonic();
  const enough = new AbortController();
  const late = new AbortController();
  const asked = Promise.resolve()
    .then(() => ask(late.signal))
    .then(
      (told) => ({ ...told, latencyMs: tenths(clock.monotonic() - begunMs) }),
      () => NO_ANSWER,
    );
  const waited = clock.sleep(timeoutMs, enough.signal).then(
    () => NO_ANSWER,
    () => NO_ANSWER,
  );
  const found = await Promise.race([asked, waited]);
  enough.abort();
  late.abort();
  return found;
}

const NO_ANSWER = { state: 'no-answer', latencyMs: null, detail: null } as const;

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}
