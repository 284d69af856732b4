import { fromBase64Url, utf8 } from '@leasehold/foundation';
import { z } from 'zod';

import type { ByteRange } from './byte-range.js';
import { byteRangeOf } from './byte-range.js';
import { memberName, invalidMembers } from './json-body.js';
import { checkKey } from './key.js';
import { LIMITS } from './limits.js';
import type { PointInTime } from './point-in-time.js';
import { parsePointInTime } from './point-in-time.js';
import { ProblemError } from './problem.js';

/** Where something stands in a body: `['ops', 3]`. */
export type MemberPath = readonly (string | number)[];

/** A key in a body: text, whose bytes are its UTF-8, or any bytes in unpadded base64url. */
export const keyMembers = { key: z.string().optional(), key64: z.string().optional() };

/** Keys that begin with a prefix, and lie from `start` on and before `end`; each as text or in unpadded base64url. */
export const rangeMembers = {
  prefix: z.string().optional(),
  prefix64: z.string().optional(),
  start: z.string().optional(),
  start64: z.string().optional(),
  end: z.string().optional(),
  end64: z.string().optional(),
};

/** A range that has to say what it means: every key is `{"all": true}`, not an empty object. */
export const rangeSchema = z.strictObject({ ...rangeMembers, all: z.literal(true).optional() });

type Members<Shape extends z.core.$ZodLooseShape> = z.output<z.ZodObject<Shape>>;

/** @throws ProblemError invalid-body, invalid-key, key-too-long */
export function keyOf(members: Members<typeof keyMembers>, at: MemberPath): Uint8Array {
  const key = bytesOf(members.key, members.key64, 'key', at);
  if (key === undefined) throw wrong(at, 'give key or key64');
  return named(at, () => checkKey(key));
}

/** @throws ProblemError invalid-body, invalid-range */
export function boundsOf(members: Members<typeof rangeMembers>, at: MemberPath) {
  return {
    prefix: boundOf(members.prefix, members.prefix64, 'prefix', at),
    start: boundOf(members.start, members.start64, 'start', at),
    end: boundOf(members.end, members.end64, 'end', at),
  };
}

/** @throws ProblemError invalid-body, invalid-range */
export function rangeOf(members: z.output<typeof rangeSchema>, at: MemberPath): ByteRange {
  const bounds = boundsOf(members, at);
  const isBounded = Object.values(bounds).some((bound) => bound !== undefined);
  if (isBounded === (members.all === true)) throw wrong(at, 'give prefix, start or end, or "all": true');
  return byteRangeOf(bounds);
}

/** @throws ProblemError invalid-body */
export function pointInTimeOf(text: string | undefined, at: MemberPath): PointInTime | undefined {
  if (text === undefined) return undefined;
  const point = parsePointInTime(text);
  if (point === undefined) throw wrong(at, 'is a version as answered, or a time of RFC 3339');
  return point;
}

/** The bytes of a text, or of unpadded base64url. @throws ProblemError invalid-body when both are given */
export function bytesOf(
  text: string | undefined,
  encoded: string | undefined,
  name: string,
  at: MemberPath,
): Uint8Array | undefined {
  if (text !== undefined && encoded !== undefined) throw wrong(at, `give ${name} or ${name}64, not both`);
  if (encoded === undefined) return text === undefined ? undefined : utf8(text);
  const bytes = fromBase64Url(encoded);
  if (bytes === undefined) throw wrong([...at, `${name}64`], 'is not unpadded base64url');
  return bytes;
}

/** Another problem of the same request, which says where. */
export function named<T>(at: MemberPath, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    throw new ProblemError(error.code, `${memberName(at)}: ${error.message}`);
  }
}

export function wrong(at: MemberPath, problem: string): ProblemError {
  return invalidMembers([{ member: memberName(at), problem }]);
}

/** An empty bound is no bound. */
function boundOf(
  text: string | undefined,
  encoded: string | undefined,
  name: string,
  at: MemberPath,
): Uint8Array | undefined {
  const bytes = bytesOf(text, encoded, name, at);
  if (bytes === undefined || bytes.byteLength === 0) return undefined;
  if (bytes.byteLength <= LIMITS.keyBytes) return bytes;
  throw new ProblemError('invalid-range', `${memberName([...at, name])} has more than ${LIMITS.keyBytes} bytes`);
}
