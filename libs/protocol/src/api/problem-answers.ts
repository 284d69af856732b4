import type { ErrorCode } from '../error-codes.js';
import { ERROR_CODES } from '../error-codes.js';
import { PROBLEM_MEDIA_TYPE } from '../problem.js';
import type { ApiOperation } from './api-operation.js';

/** The refusals of an operation, by status: their codes in words, and the schema `Problem`, which the document has to hold. */
export function problemAnswers(codes: readonly ErrorCode[]): ApiOperation['responses'] {
  const byStatus = new Map<number, string[]>();
  for (const code of new Set(codes)) {
    const { status, title } = ERROR_CODES[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), `- \`${code}\`: ${title}`]);
  }
  const content = { [PROBLEM_MEDIA_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } };
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, lines]) => [status, { description: lines.join('\n'), content }]),
  );
}
