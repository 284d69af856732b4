import { createHash } from 'node:crypto';

/**
 * All candidates in the order in which `key` prefers them (rendezvous hashing, Thaler and Ravishankar 1998). Every
 * gateway computes the same order without talking to the others; when a candidate leaves, only its keys move, and they
 * spread evenly over the rest.
 */
export function rendezvousOrder<T extends string>(key: string, candidates: readonly T[]): readonly T[] {
  return candidates
    .map((candidate) => ({ candidate, weight: weightOf(key, candidate) }))
    .sort((a, b) => Buffer.compare(b.weight, a.weight))
    .map(({ candidate }) => candidate);
}

/** A cryptographic hash only because it is at hand and mixes well; the length keeps key and candidate apart. */
function weightOf(key: string, candidate: string): Buffer {
  return createHash('sha256').update(`${key.length}:${key}${candidate}`).digest();
}
