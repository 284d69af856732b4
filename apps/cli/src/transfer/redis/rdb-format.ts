/** The first bytes of a record that is no key. */
export const OPCODES = {
  slotInfo: 0xf4,
  functionLibrary: 0xf5,
  moduleData: 0xf7,
  idle: 0xf8,
  frequency: 0xf9,
  auxiliary: 0xfa,
  sizes: 0xfb,
  expiresAtMs: 0xfc,
  expiresAtSeconds: 0xfd,
  selectDatabase: 0xfe,
  end: 0xff,
} as const;

/** What a value is made of, in the file: enough to get past it. */
export type Shape =
  'string' | 'length' | 'scoreText' | { readonly bytes: number } | { readonly each: readonly Shape[] } | 'module';

const ONE: readonly Shape[] = ['string'];
const NODE_IDS: readonly Shape[] = ['length', 'length'];

/** Stream entries, their last id, and groups with their consumers. */
function stream(version: 1 | 2 | 3): readonly Shape[] {
  const since2: readonly Shape[] = version >= 2 ? [...NODE_IDS, ...NODE_IDS, 'length'] : [];
  const read: readonly Shape[] = version >= 2 ? ['length'] : [];
  const pending: Shape = { each: [{ bytes: 16 }, { bytes: 8 }, 'length'] };
  const seen: readonly Shape[] = version >= 3 ? [{ bytes: 8 }, { bytes: 8 }] : [{ bytes: 8 }];
  const consumers: Shape = { each: ['string', ...seen, { each: [{ bytes: 16 }] }] };
  const groups: Shape = { each: ['string', ...NODE_IDS, ...read, pending, consumers] };
  return [{ each: ['string', 'string'] }, 'length', ...NODE_IDS, ...since2, groups];
}

/** By the number in the file: the kind of value, and its shape. Those that are not here cannot be got past. */
export const VALUE_TYPES: ReadonlyMap<number, { readonly kind: string; readonly shape: readonly Shape[] }> = new Map([
  [0, { kind: 'string', shape: ONE }],
  [1, { kind: 'list', shape: [{ each: ONE }] }],
  [2, { kind: 'set', shape: [{ each: ONE }] }],
  [3, { kind: 'sorted set', shape: [{ each: ['string', 'scoreText'] }] }],
  [4, { kind: 'hash', shape: [{ each: ['string', 'string'] }] }],
  [5, { kind: 'sorted set', shape: [{ each: ['string', { bytes: 8 }] }] }],
  [7, { kind: 'value of a module', shape: ['module'] }],
  [9, { kind: 'hash', shape: ONE }],
  [10, { kind: 'list', shape: ONE }],
  [11, { kind: 'set', shape: ONE }],
  [12, { kind: 'sorted set', shape: ONE }],
  [13, { kind: 'hash', shape: ONE }],
  [14, { kind: 'list', shape: [{ each: ONE }] }],
  [15, { kind: 'stream', shape: stream(1) }],
  [16, { kind: 'hash', shape: ONE }],
  [17, { kind: 'sorted set', shape: ONE }],
  [18, { kind: 'list', shape: [{ each: ['length', 'string'] }] }],
  [19, { kind: 'stream', shape: stream(2) }],
  [20, { kind: 'set', shape: ONE }],
  [21, { kind: 'stream', shape: stream(3) }],
  [24, { kind: 'hash', shape: [{ bytes: 8 }, { each: ['length', 'string', 'string'] }] }],
  [25, { kind: 'hash', shape: [{ bytes: 8 }, 'string'] }],
]);
