import { seededRandom, systemClock } from '@leasehold/foundation';
import { MemoryStore } from '@leasehold/object-store';

import { describeObjectStore } from './describe-object-store.js';
import { FaultyStore } from './faulty-store.js';
import { VirtualClock } from './virtual-clock.js';

describeObjectStore('faulty decorator without faults, over memory', async () => ({
  store: new FaultyStore(new MemoryStore(systemClock), systemClock, seededRandom(1)),
}));

describeObjectStore('faulty decorator that delays, over memory', async () => ({
  store: new FaultyStore(new MemoryStore(systemClock), new VirtualClock(), seededRandom(1), { delay: 0.5 }),
}));
