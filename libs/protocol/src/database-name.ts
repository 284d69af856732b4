import { LIMITS } from './limits.js';
import { ProblemError } from './problem.js';

const NAME = /^[a-z0-9][a-z0-9_-]*$/;

/** 1 … 63 characters of a-z, 0-9, `-`, `_`, beginning with a letter or digit: the same text in a URL, a file name and a header. */
export function isDatabaseName(text: string): boolean {
  return text.length <= LIMITS.databaseNameChars && NAME.test(text);
}

/** Between the owner and the name of a database that somebody else's is. No name of a database has one. */
const SHARED = '~';
const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/;

/** A database of another organization, as one addresses it to which that has granted it. */
export interface SharedName {
  /** The owner's slug. */
  readonly owner: string;
  /** With the owner. */
  readonly name: string;
}

/** `owner~name`; undefined when it is none. */
export function parseSharedName(text: string): SharedName | undefined {
  const [owner = '', name = '', more] = text.split(SHARED, 3);
  return more === undefined && SLUG.test(owner) && isDatabaseName(name) ? { owner, name } : undefined;
}

/** @throws ProblemError invalid-database-name */
export function checkDatabaseName(text: string): string {
  if (isDatabaseName(text)) return text;
  throw new ProblemError(
    'invalid-database-name',
    `database names have 1 to ${LIMITS.databaseNameChars} characters of a-z, 0-9, - and _, and begin with a letter or a digit`,
  );
}
