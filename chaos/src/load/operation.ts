import type { Random } from '@leasehold/foundation';

/** One request of the load. */
export type Operation =
  | { readonly kind: 'put' | 'create'; readonly key: string; readonly sizeBytes: number }
  | { readonly kind: 'increment' | 'get' | 'delete' | 'delete-exact'; readonly key: string }
  | { readonly kind: 'list'; readonly prefix: string }
  /** On the tally that is filled just now, and a look at one of those that there are, by their number modulo how many. */
  | { readonly kind: 'sum' }
  | { readonly kind: 'get-tally'; readonly number: number };

/** How a database is used. */
export interface DatabaseShape {
  readonly registers: number;
  readonly counters: number;
  /** Keys that are only ever created and deleted. */
  readonly onces: number;
  readonly valueBytes: { readonly min: number; readonly max: number };
}

export const SMALL: DatabaseShape = { registers: 20, counters: 2, onces: 4, valueBytes: { min: 100, max: 900 } };
/** Far above the 64 KiB that a head holds: what it has goes to files, and these are compacted and collected. */
export const LARGE: DatabaseShape = { registers: 80, counters: 2, onces: 4, valueBytes: { min: 2_000, max: 12_000 } };

/** Of 100 requests. */
const WEIGHTS = [
  ['put', 30],
  ['get', 24],
  ['sum', 6],
  ['get-tally', 2],
  ['increment', 14],
  ['create', 7],
  ['delete', 5],
  ['delete-exact', 4],
  ['list', 8],
] as const satisfies readonly (readonly [Operation['kind'], number])[];

export function drawOperation(random: Random, shape: DatabaseShape): Operation {
  let left = random.fraction() * WEIGHTS.reduce((sum, [, weight]) => sum + weight, 0);
  const [kind] = WEIGHTS.find(([, weight]) => (left -= weight) < 0) ?? WEIGHTS[0];
  const below = (count: number): number => Math.floor(random.fraction() * count);
  const { registers, counters, onces, valueBytes } = shape;
  const register = `r/${String(below(registers)).padStart(2, '0')}`;
  const once = `o/${below(onces)}`;
  const sizeBytes = valueBytes.min + below(valueBytes.max - valueBytes.min);
  switch (kind) {
    case 'put':
      return { kind, key: register, sizeBytes };
    case 'create':
      return { kind, key: once, sizeBytes };
    case 'increment':
      return { kind, key: `c/${below(counters)}` };
    case 'get':
      return { kind, key: drawReadKey(random.fraction(), register, once, `c/${below(counters)}`) };
    case 'delete':
      return { kind, key: random.fraction() < 0.6 ? once : register };
    case 'delete-exact':
      return { kind, key: once };
    case 'sum':
      return { kind };
    case 'get-tally':
      return { kind, number: below(1_000) };
    case 'list':
      return { kind, prefix: random.fraction() < 0.5 ? `r/${below(Math.ceil(registers / 10))}` : 'o/' };
  }
}

function drawReadKey(fraction: number, register: string, once: string, counter: string): string {
  return fraction < 0.7 ? register : fraction < 0.85 ? counter : once;
}

/** The keys that a listing of a prefix may show. */
export function keysWithPrefix(shape: DatabaseShape, prefix: string): readonly string[] {
  return allKeys(shape).filter((key) => key.startsWith(prefix));
}

export function allKeys({ registers, counters, onces }: DatabaseShape): readonly string[] {
  return [
    ...Array.from({ length: registers }, (_, n) => `r/${String(n).padStart(2, '0')}`),
    ...Array.from({ length: counters }, (_, n) => `c/${n}`),
    ...Array.from({ length: onces }, (_, n) => `o/${n}`),
  ];
}
