import type { Random } from '@leasehold/foundation';
import type { ErrorCode } from '@leasehold/protocol';

import { oneOf, someText, wholeBelow } from './draw.js';
import type { JsonPart } from './json-text.js';
import { Members } from './json-text.js';
import {
  BROKEN_JSON,
  FUTURE_VERSIONS,
  HALF_PAIRS,
  longText,
  NO_AMOUNTS,
  NO_BASE64,
  NO_POINTS,
  NO_TEXTS,
  NO_WHOLE_NUMBERS,
} from './wrong-values.js';

/** A member, what may not stand there, and what that is answered with. */
export interface WrongMember {
  readonly member: string;
  readonly values: readonly JsonPart[];
  readonly codes: readonly ErrorCode[];
}

const BODY = ['invalid-body'] as const;
export const NAMES_OF_NOTHING = [
  '__proto__',
  'constructor',
  'toString',
  'prototype',
  'hasOwnProperty',
  'Key',
  'key ',
  '',
];

export const WRONG_KEYS: readonly WrongMember[] = [
  { member: 'key', values: [...NO_TEXTS, ...HALF_PAIRS, ...BROKEN_JSON], codes: BODY },
  { member: 'key', values: [''], codes: ['invalid-key', 'invalid-body'] },
  { member: 'key64', values: [...NO_TEXTS, ...NO_BASE64, 'YQ', ''], codes: BODY },
];
const WRONG_LIFETIMES: readonly WrongMember[] = [
  {
    member: 'ttlSeconds',
    values: [...NO_AMOUNTS, 315_360_001, ...BROKEN_JSON],
    codes: ['invalid-body', 'invalid-expiry'],
  },
  {
    member: 'expiresAt',
    values: [...NO_TEXTS, ...NO_POINTS, ...FUTURE_VERSIONS],
    codes: ['invalid-body', 'invalid-expiry'],
  },
];
const WRONG_RANGE_MEMBERS: readonly Readonly<Record<string, JsonPart>>[] = [
  ...[{ all: false }, { all: 1 }, { all: true, prefix: 'a' } as const],
  ...[{ prefix: '' }, { prefix: 1 }, { start: null }, { from: 'a' }, { limit: 5 }],
  ...[{ prefix64: '=' }, { prefix: 'a', prefix64: 'YQ' } as const, { end64: 7 }],
];
const WRONG_RANGES: readonly WrongMember[] = [
  {
    member: 'range',
    values: [
      ...NO_TEXTS,
      ...['', 'all', 'listed/'],
      ...WRONG_RANGE_MEMBERS.map((range) => Members.of(range)),
      Members.of({ all: true }).twice(),
    ],
    codes: BODY,
  },
  { member: 'range', values: [Members.of({ prefix: 'r'.repeat(2_049) })], codes: ['invalid-range'] },
];

const WRONG_OPS: Readonly<Record<string, readonly WrongMember[]>> = {
  put: [
    ...WRONG_KEYS,
    ...WRONG_LIFETIMES,
    { member: 'value', values: [...NO_TEXTS, ...HALF_PAIRS, ...BROKEN_JSON], codes: BODY },
    { member: 'value64', values: [...NO_TEXTS, ...NO_BASE64, 'YQ'], codes: BODY },
    { member: 'json', values: ['both', ...BROKEN_JSON], codes: BODY },
    { member: 'operand', values: [1], codes: BODY },
  ],
  delete: [
    ...WRONG_KEYS,
    { member: 'value', values: ['x'], codes: BODY },
    { member: 'ttlSeconds', values: [5], codes: BODY },
  ],
  sum: [
    ...WRONG_KEYS,
    ...WRONG_LIFETIMES,
    {
      member: 'operand',
      values: [
        ...NO_WHOLE_NUMBERS,
        ...['', '-0', '-1', '01', '1e3', ' 1', '0x1', '18446744073709551616', '1.0', 'NaN', '١', '9'.repeat(5_000)],
        ...[null, true, [], Members.of({})],
        ...BROKEN_JSON,
      ],
      codes: BODY,
    },
  ],
  deleteRange: [...WRONG_RANGES, { member: 'key', values: ['a'], codes: BODY }],
};
const OPS = Object.keys(WRONG_OPS);

const WRONG_CHECKS: Readonly<Record<string, readonly WrongMember[]>> = {
  key: [
    ...WRONG_KEYS,
    {
      member: 'version',
      values: [...NO_TEXTS.slice(1), ...NO_POINTS.filter((point) => point !== '*'), '2024-01-01T00:00:00Z'],
      codes: BODY,
    },
    { member: 'version', values: FUTURE_VERSIONS, codes: ['precondition-failed'] },
    { member: 'since', values: ['0'.repeat(20)], codes: BODY },
  ],
  range: [
    ...WRONG_RANGES,
    { member: 'since', values: [...NO_TEXTS, ...NO_POINTS, '2024-01-01T00:00:00Z'], codes: BODY },
    { member: 'since', values: FUTURE_VERSIONS, codes: ['invalid-version'] },
  ],
};

/** It holds in every database, and would be seen by its effects. */
export function validTransaction(random: Random): Members {
  const checks = Array.from({ length: wholeBelow(random, 3) }, () =>
    validCheck(random, oneOf(random, ['key', 'range'])),
  );
  const ops = Array.from({ length: 1 + wholeBelow(random, 3) }, () => validOp(random, oneOf(random, OPS)));
  return Members.of({ checks, ops });
}

/** A valid transaction with one part in which one member is wrong, and what that may be answered with. */
export function wrongTransaction(random: Random): { readonly body: Members; readonly codes: readonly ErrorCode[] } {
  const inChecks = random.fraction() < 0.4;
  const kind = oneOf(random, inChecks ? ['key', 'range'] : OPS);
  const valid = inChecks ? validCheck(random, kind) : validOp(random, kind);
  const { part, codes } = wrongPart(random, valid, (inChecks ? WRONG_CHECKS : WRONG_OPS)[kind] ?? []);
  const body = validTransaction(random);
  const list = inChecks ? 'checks' : 'ops';
  const parts = body.list.find(([name]) => name === list)?.[1] as readonly JsonPart[];
  const at = wholeBelow(random, parts.length + 1);
  return { body: body.with(list, [...parts.slice(0, at), part, ...parts.slice(at)]), codes };
}

/** An empty object is a list of the snapshot; nothing at all, alone in a list, is an empty list. */
const NO_PARTS = ['x', ...NO_TEXTS, ...BROKEN_JSON].filter(
  (part) => typeof part === 'string' || (part.text !== '{}' && part.text !== ''),
);

/** One part of a list with something wrong in it, or in the place of it. */
export function wrongPart(
  random: Random,
  valid: Members,
  wrong: readonly WrongMember[],
): { readonly part: JsonPart; readonly codes: readonly ErrorCode[] } {
  switch (wholeBelow(random, 8)) {
    case 0:
      return { part: oneOf(random, NO_PARTS), codes: BODY };
    case 1:
      return { part: valid.with(oneOf(random, NAMES_OF_NOTHING), someText(random, 3)), codes: BODY };
    case 2:
      return { part: valid.twice(), codes: BODY };
    case 3:
      return {
        part: valid.without('op').with('op', oneOf(random, [...NO_TEXTS, 'drop', 'PUT', '', '__proto__'])),
        codes: BODY,
      };
    case 4:
      if (valid.list.some(([name]) => name === 'key')) {
        return { part: valid.with('key', longText(random)), codes: ['key-too-long'] };
      }
      if (valid.list.some(([name]) => name === 'range')) return { part: valid.without('range'), codes: BODY };
      return { part: valid.with('prefix', longText(random)), codes: ['invalid-range'] };
    default: {
      const { member, values, codes } = oneOf(random, wrong);
      return { part: valid.with(member, oneOf(random, values)), codes };
    }
  }
}

function validCheck(random: Random, kind: string): Members {
  if (kind === 'key') return Members.of({ key: `never/${someText(random, 4)}`, version: null });
  return Members.of({ range: Members.of({ prefix: `never/${someText(random, 4)}` }), since: '0'.repeat(20) });
}

function validOp(random: Random, op: string): Members {
  const key = `new/${someText(random, 4)}`;
  if (op === 'put') return Members.of({ op, key, value: someText(random, 8) });
  if (op === 'sum') return Members.of({ op: oneOf(random, ['sum', 'min', 'max']), key: `count/${key}`, operand: 1 });
  if (op === 'delete') return Members.of({ op, key });
  return Members.of({ op, range: Members.of({ prefix: 'listed/' }) });
}
