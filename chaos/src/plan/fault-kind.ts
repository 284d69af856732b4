/** What a fault needs of the machine. */
export type Need = 'redis' | 'small-disk' | 'proc';

export interface FaultKindEntry {
  /** For the timeline. */
  readonly title: string;
  /** How long it lasts; 0 where it is an instant. `long`: in a run of several minutes. */
  readonly holdMs: { readonly short: number; readonly long: number };
  /** What it may cause is over so long after its end, with some to spare. */
  readonly settleMs: number;
  /** Part of every run, however short. */
  readonly core: boolean;
  readonly need?: Need;
}

const always = (ms: number) => ({ short: ms, long: ms });

/** Lengths are for a ttl of 5 s: twice the ttl is 10 s, and a takeover is due after the ttl and a tenth. */
const TABLE = {
  'worker-kill': entry('SIGKILL of a worker, started again', always(0), 9_000, true),
  'worker-stop': entry('SIGSTOP of a worker for twice the ttl, then SIGCONT', always(10_000), 4_000, true),
  'worker-drain': entry('SIGTERM of a worker, started again', always(0), 5_000, true),
  'store-resets': entry(
    'connections to the bucket cut, before and after, and late landings',
    always(5_000),
    3_000,
    true,
  ),
  'postgres-stop': entry('Postgres stopped', { short: 6_000, long: 20_000 }, 3_000, true),
  'queue-flush': entry('the queue is emptied in Redis', always(0), 2_000, true, 'redis'),
  'worker-partition': entry('a worker cut off from the bucket alone', always(8_000), 5_000, false),
  'worker-block': entry('the event loop of a worker blocked for longer than the ttl', always(7_000), 5_000, false),
  'worker-stutter': entry('the event loops of all workers blocked for moments', always(5_000), 3_000, false),
  'all-workers-kill': entry('SIGKILL of all workers at once, started again', always(0), 10_000, false),
  'store-delays': entry('slow answers of the bucket', always(6_000), 3_000, false),
  'store-slow-down': entry('503 from the bucket', always(5_000), 3_000, false),
  'store-holds': entry('requests to the bucket that are never answered', always(6_000), 6_000, false),
  'store-truncation': entry('answers of the bucket that end early', always(5_000), 3_000, false),
  'gateway-kill': entry('SIGKILL of a gateway, started again', always(0), 5_000, false),
  'compactor-kill': entry('SIGKILL of a compactor, started again', always(0), 4_000, false),
  'redis-stop': entry('Redis stopped, its content lost', { short: 6_000, long: 20_000 }, 3_000, false, 'redis'),
  'postgres-hang': entry('Postgres not answering', always(10_000), 5_000, false),
  'disk-full': entry('the disk of the block caches full', always(6_000), 2_000, false, 'small-disk'),
  'cache-corruption': entry('block caches overwritten while they are used', always(4_000), 3_000, false, 'proc'),
  'store-bit-flips': entry('single bits of what is read from the bucket flipped', always(5_000), 3_000, false),
  'all-at-once': entry('everything together', always(20_000), 12_000, false),
} as const satisfies Record<string, FaultKindEntry>;

export type FaultKind = keyof typeof TABLE;

export const FAULT_KINDS: Readonly<Record<FaultKind, FaultKindEntry>> = TABLE;

export function isFaultKind(text: string): text is FaultKind {
  return Object.hasOwn(FAULT_KINDS, text);
}

function entry(
  title: string,
  holdMs: FaultKindEntry['holdMs'],
  settleMs: number,
  core: boolean,
  need?: Need,
): FaultKindEntry {
  return { title, holdMs, settleMs, core, need };
}
