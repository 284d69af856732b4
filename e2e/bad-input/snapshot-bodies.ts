import type { Random } from '@leasehold/foundation';
import type { ErrorCode } from '@leasehold/protocol';

import { oneOf, someBase64Url, someText, wholeBelow } from './draw.js';
import type { JsonPart } from './json-text.js';
import { Members } from './json-text.js';
import type { WrongMember } from './transaction-bodies.js';
import { WRONG_KEYS, wrongPart } from './transaction-bodies.js';
import {
  BROKEN_JSON,
  FUTURE_VERSIONS,
  HALF_PAIRS,
  NO_AMOUNTS,
  NO_BASE64,
  NO_POINTS,
  NO_TEXTS,
} from './wrong-values.js';

const BODY = ['invalid-body'] as const;

const WRONG_LISTS: readonly WrongMember[] = [
  { member: 'limit', values: [...NO_AMOUNTS, 1_001, ...BROKEN_JSON], codes: ['invalid-body', 'invalid-limit'] },
  { member: 'reverse', values: [null, 0, 1, 'true', '', [], Members.of({})], codes: BODY },
  { member: 'prefix', values: [...NO_TEXTS, ...HALF_PAIRS], codes: BODY },
  { member: 'start64', values: [...NO_TEXTS, ...NO_BASE64], codes: BODY },
  { member: 'end', values: ['e'.repeat(2_049)], codes: ['invalid-range'] },
  { member: 'cursor', values: NO_TEXTS, codes: BODY },
  { member: 'cursor', values: ['', 'AAAA', '..', '__proto__', ...NO_BASE64], codes: ['invalid-cursor'] },
];

const WRONG_BODIES: readonly WrongMember[] = [
  { member: 'at', values: [...NO_TEXTS, ...NO_POINTS], codes: BODY },
  { member: 'at', values: FUTURE_VERSIONS, codes: ['invalid-version'] },
  { member: 'encoding', values: [...NO_TEXTS, '', 'UTF8', 'hex', '__proto__', 'constructor'], codes: BODY },
  { member: 'gets', values: [null, true, 1, 'x', Members.of({}), ...BROKEN_JSON], codes: BODY },
  { member: 'lists', values: [null, true, 1, 'x', Members.of({}), ...BROKEN_JSON], codes: BODY },
];

export function validSnapshot(random: Random): Members {
  const gets = Array.from({ length: wholeBelow(random, 3) }, () => validGet(random));
  const lists = Array.from({ length: wholeBelow(random, 2) }, () => validList());
  return Members.of({ gets, lists });
}

/** A valid snapshot read in which one member is wrong, and what that may be answered with. */
export function wrongSnapshot(random: Random): { readonly body: Members; readonly codes: readonly ErrorCode[] } {
  const body = validSnapshot(random);
  const where = oneOf(random, ['gets', 'lists', 'lists', 'body']);
  if (where === 'body') {
    const { member, values, codes } = oneOf(random, WRONG_BODIES);
    return { body: body.with(member, oneOf(random, values)), codes };
  }
  if (where === 'lists' && random.fraction() < 0.2) {
    const cursor = someBase64Url(random, 10 + wholeBelow(random, 40));
    return { body: body.with('lists', [validList().with('cursor', cursor)]), codes: ['invalid-cursor'] };
  }
  const [valid, wrong] = where === 'gets' ? [validGet(random), WRONG_KEYS] : [validList(), WRONG_LISTS];
  const { part, codes } = wrongPart(random, valid, wrong);
  const parts = body.list.find(([name]) => name === where)?.[1] as readonly JsonPart[];
  return { body: body.with(where, [...parts, part]), codes };
}

function validGet(random: Random): Members {
  return Members.of({ key: `listed/${someText(random, 1)}` });
}

function validList(): Members {
  return Members.of({ prefix: 'listed/', limit: 10 });
}
