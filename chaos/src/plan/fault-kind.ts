/** What a fault needs of the machine. */
export type Need = 'redis' | 'small-disk' | 'proc';

export interface FaultKindEntry {
  /** For the timeline. */
  readonly title: string;
  /** How long it lasts; 0 where it is an instant. */
  readonly holdMs: number;
  /** The same in a short run, where that is another. */
  readonly shortHoldMs?: number;
  /** What it may cause is over so long after its end on a machine that is not busy; the next one waits longer where it is not. */
  readonly settleMs: number;
  /** Part of every run, however short. */
  readonly core?: true;
  readonly need?: Need;
}

/** Lengths are for a ttl of 5 s: twice the ttl is 10 s, and a takeover is due after the ttl and a tenth. */
const TABLE = {
  'worker-kill': { title: 'SIGKILL of a worker, started again', holdMs: 0, settleMs: 8_000, core: true },
  'worker-stop': {
    title: 'SIGSTOP of a worker for twice the ttl, then SIGCONT',
    holdMs: 10_000,
    settleMs: 3_000,
    core: true,
  },
  'worker-drain': { title: 'SIGTERM of a worker, started again', holdMs: 0, settleMs: 4_000, core: true },
  'worker-partition': { title: 'a worker cut off from the bucket alone', holdMs: 8_000, settleMs: 5_000 },
  'worker-block': {
    title: 'the event loop of a worker blocked for longer than the ttl',
    holdMs: 7_000,
    settleMs: 5_000,
  },
  'worker-stutter': { title: 'the event loops of all workers blocked for moments', holdMs: 5_000, settleMs: 3_000 },
  'all-workers-kill': { title: 'SIGKILL of all workers at once, started again', holdMs: 0, settleMs: 10_000 },
  'gateway-kill': { title: 'SIGKILL of a gateway, started again', holdMs: 0, settleMs: 5_000 },
  'compactor-kill': { title: 'SIGKILL of a compactor, started again', holdMs: 0, settleMs: 4_000 },
  'answers-lost': {
    title: 'answers of gateways that do not reach clients, requests that do not reach gateways or land late',
    holdMs: 6_000,
    shortHoldMs: 1_500,
    settleMs: 500,
    core: true,
  },
  'store-resets': {
    title: 'connections to the bucket cut, before and after, and late landings',
    holdMs: 6_000,
    shortHoldMs: 3_000,
    settleMs: 2_000,
    core: true,
  },
  'store-delays': { title: 'slow answers of the bucket', holdMs: 6_000, settleMs: 3_000 },
  'store-slow-down': { title: '503 from the bucket', holdMs: 5_000, settleMs: 3_000 },
  'store-holds': { title: 'requests to the bucket that are never answered', holdMs: 6_000, settleMs: 6_000 },
  'store-truncation': { title: 'answers of the bucket that end early', holdMs: 5_000, settleMs: 3_000 },
  'store-bit-flips': {
    title: 'single bits of what is read from the bucket flipped, while a worker is killed',
    holdMs: 10_000,
    settleMs: 3_000,
  },
  'postgres-stop': { title: 'Postgres stopped', holdMs: 20_000, shortHoldMs: 3_000, settleMs: 2_000, core: true },
  'postgres-hang': { title: 'Postgres not answering', holdMs: 10_000, settleMs: 5_000 },
  'queue-flush': { title: 'the queue in Redis emptied', holdMs: 0, settleMs: 2_000, core: true, need: 'redis' },
  'redis-stop': {
    title: 'Redis stopped, its content lost',
    holdMs: 20_000,
    shortHoldMs: 6_000,
    settleMs: 3_000,
    need: 'redis',
  },
  'disk-full': { title: 'the disk of the block caches full', holdMs: 6_000, settleMs: 2_000, need: 'small-disk' },
  'cache-corruption': {
    title: 'block caches overwritten while they are used',
    holdMs: 4_000,
    settleMs: 3_000,
    need: 'proc',
  },
  'all-at-once': { title: 'everything together', holdMs: 20_000, settleMs: 12_000 },
} as const satisfies Record<string, FaultKindEntry>;

export type FaultKind = keyof typeof TABLE;

export const FAULT_KINDS: Readonly<Record<FaultKind, FaultKindEntry>> = TABLE;

export function isFaultKind(text: string): text is FaultKind {
  return Object.hasOwn(FAULT_KINDS, text);
}
