import type { Random } from '@leasehold/foundation';
import { seededRandom } from '@leasehold/foundation';

import type { Fleet } from '../processes/fleet.js';
import { inflict } from '../trouble/inflict.js';
import type { ProcessFault } from '../world/world-counts.js';
import type { Cell } from './cell.js';

/** What can befall the queue, the network between processes, and all processes of a kind. */
export function coordinationCells(): readonly Cell[] {
  return [...QUEUE, ...HOPS, ...AGAIN, ...ENTRANCE].map((cell, seed) => ({ ...cell, seed, isFixed: true }));
}

const QUEUE = (
  [
    ['every job comes twice', 'job-duplicated', 'duplicate'],
    ['every job is late', 'job-late', 'late'],
    ['every job is lost', 'job-lost', 'lost'],
  ] as const
).map(([title, fault, setting]): Omit<Cell, 'seed' | 'isFixed'> => ({
  title: `queue: ${title}`,
  fault,
  prepare: (_, { queue }) => void (queue.settings = { ...queue.settings, [setting]: 1 }),
}));

const HOPS = (
  [
    ['is refused', 'hop-refused', 'refused'],
    ['is lost before it arrives', 'hop-lost-before', 'lostBefore'],
    ['loses its answer', 'hop-lost-after', 'lostAfter'],
  ] as const
).map(([title, fault, rate]): Omit<Cell, 'seed' | 'isFixed'> => ({
  title: `gateway to worker: one request in five ${title}`,
  fault,
  prepare: (_, { network }) => void (network.rates = { ...network.rates, [rate]: 0.2 }),
}));

const ENTRANCE = (
  [
    ['is refused', 'client-refused', 'refused'],
    ['is lost before it arrives', 'client-lost-before', 'lostBefore'],
    ['is cut off while the gateway is at work', 'client-cut', 'cut'],
    ['loses its answer', 'client-lost-after', 'lostAfter'],
  ] as const
).map(([title, fault, rate]): Omit<Cell, 'seed' | 'isFixed'> => ({
  title: `client to gateway: one request in five ${title}`,
  fault,
  prepare: (_, { entrance }) => void (entrance.rates = { ...entrance.rates, [rate]: 0.2 }),
}));

const AGAIN_FROM_MS = 3_000;
const AGAIN_EVERY_MS = 5_000;
const AGAIN_UNTIL_MS = 30_000;

/** Struck again before it has got over the last time. */
const AGAIN = (
  [
    'queue-lost',
    'kill-all',
    'cut-from-gateways',
    'cut-from-bucket',
    'kill-gateway',
    'pause-gateway',
    'drain-gateway',
    'kill-compactor',
    'pause-compactor',
    'release',
    'drain',
    'long-pause',
  ] as const
).map((fault, i): Omit<Cell, 'seed' | 'isFixed'> => ({
  title: `again and again: ${fault}`,
  fault,
  prepare: (world, fleet) => {
    const random = seededRandom(i);
    for (let ms = AGAIN_FROM_MS; ms <= AGAIN_UNTIL_MS; ms += AGAIN_EVERY_MS) {
      world.clock.schedule(ms, () => inflict({ world, fleet, random }, fault, victimFor(fault, fleet, random)));
    }
  },
}));

function victimFor(fault: ProcessFault, { liveWorkers, liveGateways, liveCompactors }: Fleet, random: Random) {
  const of = fault.endsWith('gateway') ? liveGateways : fault.endsWith('compactor') ? liveCompactors : liveWorkers;
  return of[Math.floor(random.fraction() * of.length)]?.process;
}
