import { isDatabaseName, LIMITS } from '@leasehold/protocol';

/** Of one key: more than that are better told by one `*`. */
export const MAX_DATABASE_PATTERNS = 20;

const ANY = '*';
const GLOB = /^[a-z0-9_-]*\*[a-z0-9_-]*$/;

/**
 * A pattern of database names: a name, which stands for itself; or one with a single `*`, which stands for any text there, also for none:
 * `customer-*`, `*-eu`, `customer-*-eu`. `*` alone is none: who is confined to everything is not confined.
 */
export function isDatabasePattern(text: string): boolean {
  return isDatabaseName(text) || (text.length > 1 && text.length <= LIMITS.databaseNameChars && GLOB.test(text));
}

/** Whether one of the patterns stands for the name. */
export function matchesPatterns(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => matches(pattern, name));
}

/** Whether every name that one of `others` stands for is one of `patterns`. Says no rather than look closely where several make one together. */
export function coversPatterns(patterns: readonly string[], others: readonly string[]): boolean {
  return others.every((other) => patterns.some((pattern) => covers(pattern, other)));
}

function matches(pattern: string, name: string): boolean {
  const star = pattern.indexOf(ANY);
  if (star < 0) return pattern === name;
  // What stands before and behind the star must not share characters.
  return (
    name.length >= pattern.length - 1 &&
    name.startsWith(pattern.slice(0, star)) &&
    name.endsWith(pattern.slice(star + 1))
  );
}

function covers(pattern: string, other: string): boolean {
  const star = pattern.indexOf(ANY);
  const otherStar = other.indexOf(ANY);
  if (otherStar < 0 || star < 0) return otherStar < 0 ? matches(pattern, other) : pattern === other;
  const before = other.slice(0, otherStar);
  const behind = other.slice(otherStar + 1);
  return before.startsWith(pattern.slice(0, star)) && behind.endsWith(pattern.slice(star + 1));
}
