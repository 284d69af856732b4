import { seededRandom, utf8 } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';
import { MemoryStore, settleCreate } from '@leasehold/object-store';
import { FaultyStore } from '@leasehold/object-store-testing';

import type { JudgeSeed } from '../child/judge-seed.js';

/** A world of one creation whose first answer is lost, under odd seeds. Who knows P1 says that it was done. */
export const judgeSeed: JudgeSeed = async (seed) => {
  const clock = new FakeClock();
  const random = seededRandom(seed);
  const store = new FaultyStore(new MemoryStore(clock), clock, random);
  if (seed % 2 === 1) store.next('put', 'fail-after');
  const { outcome } = await clock.settle(settleCreate({ store, clock, random }, 'object', utf8('mine')));
  return outcome === 'done' ? [] : [{ rule: 'P1', what: `creation of seed ${seed} was answered as ${outcome}` }];
};
