import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { decodeUtf8 } from '@leasehold/foundation';
import { ProblemError } from '@leasehold/protocol';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';

import { isCleanText } from './text.js';

const JSON_TYPE = /^application\/json *(?:; *charset="?utf-8"? *)?$/i;
/** Wrong members named in one answer. */
const MAX_ERRORS = 10;
/** Names of members are the client's words; long ones are cut. */
const MAX_NAME_CHARS = 64;

/** Parameter of a handler: the body, which must be JSON and fit the schema exactly. */
export const JsonBody = (schema: z.ZodType) => readBody({ bodySchema: schema });

// Wrapped under a name of ours: Nest would take a schema itself, or a member `schema`, for a pipe of its own.
const readBody = createParamDecorator(
  ({ bodySchema }: { readonly bodySchema: z.ZodType }, context: ExecutionContext): unknown =>
    validate(bodySchema, parseJson(context.switchToHttp().getRequest<FastifyRequest>())),
);

/** @throws ProblemError unsupported-media-type, invalid-body */
export function parseJson(request: FastifyRequest): unknown {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new ProblemError('unsupported-media-type', 'compressed bodies are not taken');
  }
  if (!JSON_TYPE.test(request.headers['content-type'] ?? '')) {
    throw new ProblemError('unsupported-media-type', 'bodies are application/json');
  }
  const text = request.body instanceof Uint8Array ? decodeUtf8(request.body) : '';
  if (text === undefined) throw new ProblemError('invalid-body', 'the body is not UTF-8');
  if (text === '') throw new ProblemError('invalid-body', 'the body is empty');
  try {
    return JSON.parse(text, refuseBrokenText);
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    throw new ProblemError('invalid-body', 'the body is not valid JSON', { cause: error });
  }
}

/** @throws ProblemError invalid-body, naming the wrong members */
export function validate<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const errors = result.error.issues.slice(0, MAX_ERRORS).flatMap(describe);
  const [first] = errors;
  const detail = first ? `${first.member === '' ? 'the body' : first.member}: ${first.problem}` : 'the body is wrong';
  throw new ProblemError('invalid-body', detail, { members: { errors } });
}

interface MemberError {
  /** Path of the member, dotted; empty for the body itself. */
  readonly member: string;
  readonly problem: string;
}

function describe(issue: z.core.$ZodIssue): readonly MemberError[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys
      .slice(0, MAX_ERRORS)
      .map((key) => ({ member: shorten([...path, key].join('.')), problem: 'is not a member of this request' }));
  }
  return [{ member: shorten(path.join('.')), problem: issue.message }];
}

function shorten(name: string): string {
  return name.length <= MAX_NAME_CHARS ? name : `${name.slice(0, MAX_NAME_CHARS)}…`;
}

/** `__proto__` as a member is never meant well, and some code downstream would take it for the prototype. */
function refuseBrokenText(this: unknown, key: string, value: unknown): unknown {
  if (key === '__proto__') throw new ProblemError('invalid-body', '__proto__: is not a member of this request');
  if (!isCleanText(key) || (typeof value === 'string' && !isCleanText(value))) {
    throw new ProblemError('invalid-body', 'texts hold no NUL and no broken characters');
  }
  return value;
}
