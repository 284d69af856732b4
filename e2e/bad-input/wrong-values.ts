import type { Random } from '@leasehold/foundation';

import { oneOf } from './draw.js';
import { Verbatim } from './json-text.js';

const verbatim = (...texts: readonly string[]): readonly Verbatim[] => texts.map((text) => new Verbatim(text));

/** Never a text, a number or an object of any route. */
const OTHER_TYPES = verbatim('null', 'true', 'false', '[]', '{}', '[{}]', '[[]]', '{"__proto__":null}');

export const NO_TEXTS = [...OTHER_TYPES, ...verbatim('0', '-0', '1', '1.5', '1e999', '9007199254740993')];
export const BROKEN_JSON = verbatim(
  'NaN',
  'Infinity',
  '-',
  '01',
  '1.',
  '.5',
  '+1',
  '0x10',
  'undefined',
  "'x'",
  '"',
  '',
);
export const HALF_PAIRS = verbatim('"\\ud800"', '"a\\udfffb"', '"\\ud800\\ud800"', '"\\udc00\\ud800"');
/** Texts that are no unpadded base64url of anything. */
export const NO_BASE64 = ['=', 'a+b', 'a/b', 'AAA=', 'A', 'AB', '%', ' ', 'AAAA\n', 'ÄÄÄÄ', '__proto__'];

/** Neither a version nor a time. */
export const NO_POINTS = [
  ...['', ' ', '0', '-1', '-0', '1e999', 'NaN', '9007199254740992', 'yesterday', 'now', '*', '__proto__', '..', 'null'],
  ...['0000000100000000001', '000000010000000000001', '0000000100000000000G', 'FFFFFFFFFFFFFFFFFFFF', 'W/"0"'],
  ...['2024-02-30T00:00:00Z', '2024-01-01', '2024-01-01T00:00:00', '1969-12-31T23:59:59Z', '10000-01-01T00:00:00Z'],
  ...['2024-13-01T00:00:00Z', '2024-01-01T25:00:00Z', '2024-01-01T00:00:00+99:99', '٢٠٢٤-01-01T00:00:00Z'],
];
/** Versions as they are answered, of commits that nobody has made. */
export const FUTURE_VERSIONS = [
  'ffffffffffffffffffff',
  '00000001ffffffffffff',
  'ffffffff000000ffffff',
  '00000001000099999999',
  '99999999999999999999',
];

export const NO_WHOLE_NUMBERS = verbatim(
  ...['-1', '1.5', '1e999', '-1e999', '1e-5', '9007199254740992', '18446744073709551616', '1e400', '0.1', '-0.5'],
);
/** Whatever is asked for in seconds or in entries, nor is it a 0. */
export const NO_AMOUNTS = [...NO_WHOLE_NUMBERS, ...verbatim('0', '-0', '"5"', '""', '"1"'), ...OTHER_TYPES];

export const longText = (random: Random): string => 'k'.repeat(oneOf(random, [2_049, 2_050, 4_096, 20_000]));
