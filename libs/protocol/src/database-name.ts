import { LIMITS } from './limits.js';
import { ProblemError } from './problem.js';

const NAME = /^[a-z0-9][a-z0-9_-]*$/;

/** 1 … 63 characters of a-z, 0-9, `-`, `_`, beginning with a letter or digit: the same text in a URL, a file name and a header. */
export function isDatabaseName(text: string): boolean {
  return text.length <= LIMITS.databaseNameChars && NAME.test(text);
}

/** @throws ProblemError invalid-database-name */
export function checkDatabaseName(text: string): string {
  if (isDatabaseName(text)) return text;
  throw new ProblemError(
    'invalid-database-name',
    `database names have 1 to ${LIMITS.databaseNameChars} characters of a-z, 0-9, - and _, and begin with a letter or a digit`,
  );
}
