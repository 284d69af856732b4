import { toBase64Url } from '@leasehold/foundation';
import { z } from 'zod';

import type { MemberPath } from './body-schemas.js';
import { boundsOf, keyMembers, keyOf, named, pointInTimeOf, rangeMembers } from './body-schemas.js';
import { memberName, parseJsonBody, validated } from './json-body.js';
import { LIMITS } from './limits.js';
import type { ListEncoding } from './list-query.js';
import { LIST_ENCODINGS, pinnedBy } from './list-query.js';
import type { ListRange } from './list-range.js';
import type { PointInTime } from './point-in-time.js';
import { formatPointInTime } from './point-in-time.js';
import { ProblemError } from './problem.js';

/** Many reads of one state, with everything decoded. */
export interface SnapshotRequest {
  readonly gets: readonly Uint8Array[];
  readonly lists: readonly SnapshotList[];
  /** Undefined: the present. */
  readonly at: PointInTime | undefined;
  readonly encoding: ListEncoding;
}

export interface SnapshotList extends ListRange {
  readonly limit: number;
  /** Already checked against the range. */
  readonly cursor: string | undefined;
}

const bodySchema = z.strictObject({
  gets: z.array(z.unknown()).default([]),
  lists: z.array(z.unknown()).default([]),
  at: z.string().optional(),
  encoding: z.enum(LIST_ENCODINGS).default('utf8'),
});
const getSchema = z.strictObject(keyMembers);
const listSchema = z.strictObject({
  ...rangeMembers,
  limit: z.number().default(LIMITS.listDefault),
  reverse: z.boolean().default(false),
  cursor: z.string().optional(),
});

/** Of the documentation; the body is checked part by part, so that each refusal names its place. */
export const snapshotSchema = () =>
  bodySchema.extend({
    gets: z.array(getSchema).max(LIMITS.snapshotGets).optional(),
    lists: z.array(listSchema).max(LIMITS.snapshotLists).optional(),
  });

/**
 * The body of `POST reads`.
 *
 *     {"gets": [{"key" | "key64"}], "lists": [{"prefix", "start", "end" (each also with 64), "limit", "reverse", "cursor"}],
 *      "at": "…", "encoding": "utf8" | "base64" | "json"}
 *
 * @param prefixOtherwise what a list that names no prefix is about
 * @throws ProblemError invalid-body, invalid-key, key-too-long, invalid-range, invalid-limit, invalid-cursor, too-many-operations
 */
export function parseSnapshotBody(body: Uint8Array, prefixOtherwise?: Uint8Array): SnapshotRequest {
  const { gets, lists, at, encoding } = validated(bodySchema, parseJsonBody(body));
  if (gets.length > LIMITS.snapshotGets || lists.length > LIMITS.snapshotLists) {
    const limits = `${LIMITS.snapshotGets} gets and ${LIMITS.snapshotLists} lists`;
    throw new ProblemError('too-many-operations', `a snapshot read has at most ${limits}`);
  }
  const asked = pointInTimeOf(at, ['at']);
  const parsed = lists.map((list, i) => listOf(list, ['lists', i], prefixOtherwise));
  return {
    gets: gets.map((get, i) => keyOf(validated(getSchema, get, ['gets', i]), ['gets', i])),
    lists: parsed,
    // One state for all of it: cursors that hold on to different ones do not go together.
    at: parsed.reduce((state, list, i) => named(['lists', i], () => pinnedBy(list.cursor, list, state)), asked),
    encoding,
  };
}

/** The same request in one spelling, as {@link parseSnapshotBody} takes it: the form of the hop. */
export function formatSnapshotBody({ gets, lists, at, encoding }: SnapshotRequest): Uint8Array {
  const base64 = (bytes: Uint8Array | undefined) => bytes && toBase64Url(bytes);
  const body = {
    gets: gets.map((key) => ({ key64: toBase64Url(key) })),
    lists: lists.map(({ prefix, start, end, limit, reverse, cursor }) => {
      return { prefix64: base64(prefix), start64: base64(start), end64: base64(end), limit, reverse, cursor };
    }),
    at: at && formatPointInTime(at),
    encoding,
  };
  return Buffer.from(JSON.stringify(body));
}

function listOf(value: unknown, at: MemberPath, prefixOtherwise: Uint8Array | undefined): SnapshotList {
  const members = validated(listSchema, value, at);
  const { limit, reverse, cursor } = members;
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > LIMITS.listLimit) {
    const problem = `limit is a whole number from 1 to ${LIMITS.listLimit}`;
    throw new ProblemError('invalid-limit', `${memberName(at)}: ${problem}`);
  }
  const { prefix = prefixOtherwise, ...bounds } = boundsOf(members, at);
  return { prefix, ...bounds, limit, reverse, cursor };
}
