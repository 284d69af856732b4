import { describe, expect, it } from '@jest/globals';
import { systemClock } from '@leasehold/foundation';

import { probe } from './probe.js';

const FINE = { state: 'ok', detail: null } as const;

describe('a probe', () => {
  it('tells what the part said, and how long it took', async () => {
    const { latencyMs, ...told } = await probe(systemClock, async () => FINE);
    expect(told).toEqual(FINE);
    expect(latencyMs).toBeGreaterThanOrEqual(0);
  });

  it('waits for nobody who hangs, and tells them that it has gone', async () => {
    let signal: AbortSignal | undefined;
    const hanging = new Promise<never>(() => undefined);
    const found = await probe(systemClock, (given) => ((signal = given), hanging), 20);
    expect(found).toEqual({ state: 'no-answer', latencyMs: null, detail: null });
    expect(signal?.aborted).toBe(true);
  });

  it.each([
    ['rejects', () => Promise.reject(new Error('postgres://user:secret@host'))],
    [
      'throws',
      () => {
        throw new Error('at once');
      },
    ],
  ])('takes it for no answer where the part %s, and repeats nothing of why', async (_, ask) => {
    expect(await probe(systemClock, ask)).toEqual({ state: 'no-answer', latencyMs: null, detail: null });
  });
});
