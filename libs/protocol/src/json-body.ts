import { decodeUtf8 } from '@leasehold/foundation';
import type { z } from 'zod';

import { ProblemError } from './problem.js';
import type { RawMember } from './strict-json.js';
import { parseStrictJson } from './strict-json.js';

/** Wrong members named in one answer. */
const MAX_ERRORS = 10;
/** Names of members are the client's words; long ones are cut. */
const MAX_NAME_CHARS = 64;

/** One wrong member, as `errors` of the problem names it. */
export interface MemberError {
  /** Path of the member, dotted; empty for the body itself. */
  readonly member: string;
  readonly problem: string;
}

/** @throws ProblemError invalid-body: no UTF-8, no JSON, or JSON that parsers disagree about */
export function parseJsonBody(body: Uint8Array, raw?: RawMember): unknown {
  const text = decodeUtf8(body);
  if (text === undefined) throw new ProblemError('invalid-body', 'the body is not UTF-8');
  if (text === '') throw new ProblemError('invalid-body', 'the body is empty');
  return parseStrictJson(text, raw);
}

/** The value, if it is exactly of this shape. @param at path of the value in the body @throws ProblemError invalid-body, naming the wrong members */
export function validated<T extends z.ZodType>(
  schema: T,
  value: unknown,
  at: readonly (string | number)[] = [],
): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw invalidMembers(result.error.issues.slice(0, MAX_ERRORS).flatMap((issue) => describe(issue, at)));
}

/** @param errors at least one */
export function invalidMembers(errors: readonly MemberError[]): ProblemError {
  const named = errors.slice(0, MAX_ERRORS).map(({ member, problem }) => ({ member: shorten(member), problem }));
  const [first] = named;
  const where = first === undefined || first.member === '' ? 'the body' : first.member;
  return new ProblemError('invalid-body', `${where}: ${first?.problem ?? 'is wrong'}`, { members: { errors: named } });
}

/** `ops[3].key`, as people write it. */
export function memberName(path: readonly (string | number)[]): string {
  return path.reduce<string>(
    (name, part) => (typeof part === 'number' ? `${name}[${part}]` : name === '' ? part : `${name}.${part}`),
    '',
  );
}

function describe(issue: z.core.$ZodIssue, at: readonly (string | number)[]): readonly MemberError[] {
  const path = [...at, ...issue.path.map((part) => (typeof part === 'number' ? part : String(part)))];
  if (issue.code === 'unrecognized_keys') {
    const keys = issue.keys.slice(0, MAX_ERRORS);
    return keys.map((key) => ({ member: memberName([...path, key]), problem: 'is not a member of this request' }));
  }
  return [{ member: memberName(path), problem: issue.message }];
}

function shorten(name: string): string {
  return name.length <= MAX_NAME_CHARS ? name : `${name.slice(0, MAX_NAME_CHARS)}…`;
}
