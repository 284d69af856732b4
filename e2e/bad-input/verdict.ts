import type { ErrorCode } from '@leasehold/protocol';
import { ERROR_CODES, isErrorCode, PROBLEM_MEDIA_TYPE } from '@leasehold/protocol';

import type { HttpAnswer } from './http-answer.js';

/** What of a bad request its answer is judged by. */
export interface Expectation {
  readonly method: string;
  readonly codes: readonly ErrorCode[];
  readonly isHarmless: boolean;
  /** What nobody but their tenants may see. */
  readonly foreignTags: readonly string[];
  readonly ownTag: string;
}

/** What became of a request: the code of its refusal, or its status when it was served; and what is wrong with that. */
export interface Verdict {
  readonly outcome: string;
  readonly finding: string | undefined;
}

export function judge(answer: HttpAnswer, expected: Expectation): Verdict {
  const { status, body, raw } = answer;
  const isServed = status === 304 || (status >= 200 && status < 300);
  const code = isServed ? undefined : codeOf(body);
  const outcome = `${status} ${isServed ? 'served' : (code ?? 'to HEAD, without a code')}`;
  const finding =
    foreignBytes(raw, expected, isServed) ?? (isServed ? serving(expected) : refusal(answer, code, expected));
  return { outcome, finding };
}

/** A text in any of the forms in which it may be answered: as it is, and in base64 wherever it begins. */
export function showsTag(bytes: Buffer, tag: string): boolean {
  const forms = [0, 1, 2].map((shift) => {
    // Characters whose bits all come from the tag.
    const encoded = Buffer.from('\0'.repeat(shift) + tag).toString('base64url');
    return encoded.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + tag.length) * 8) / 6));
  });
  return [tag, ...forms].some((form) => bytes.includes(form));
}

function foreignBytes(raw: Buffer, { foreignTags, ownTag }: Expectation, isServed: boolean): string | undefined {
  const hidden = isServed ? foreignTags : [...foreignTags, ownTag];
  return hidden.some((tag) => showsTag(raw, tag)) ? 'shows what is stored, or whose it is' : undefined;
}

function serving({ isHarmless }: Expectation): string | undefined {
  return isHarmless ? undefined : 'is served';
}

function refusal(answer: HttpAnswer, code: string | undefined, { method, codes }: Expectation): string | undefined {
  const { status, headers } = answer;
  if (status < 400 || status > 499) return `is answered with ${status}`;
  if (headers.get('content-type') !== PROBLEM_MEDIA_TYPE) return 'is refused with something else than a problem';
  if ((headers.get('x-request-id') ?? '') === '') return 'is refused without a request id';
  if (method === 'HEAD' && code === undefined) {
    return codes.some((known) => ERROR_CODES[known].status === status) ? undefined : `is answered with ${status}`;
  }
  if (code === undefined || !isErrorCode(code)) return 'is refused without a code of the table';
  if (ERROR_CODES[code].status !== status) return `is refused with ${code} and another status`;
  return codes.includes(code) ? undefined : `is refused with ${code}`;
}

function codeOf(body: Buffer): string | undefined {
  try {
    const problem = JSON.parse(body.toString('utf8')) as { readonly code?: unknown } | null;
    return typeof problem?.code === 'string' ? problem.code : undefined;
  } catch {
    return undefined;
  }
}
