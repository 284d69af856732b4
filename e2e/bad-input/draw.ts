import type { Random } from '@leasehold/foundation';

/** 0 … below − 1. */
export function wholeBelow(random: Random, below: number): number {
  return Math.floor(random.fraction() * below);
}

/** @param list not empty */
export function oneOf<T>(random: Random, list: readonly T[]): T {
  return list[wholeBelow(random, list.length)] as T;
}

/** True that often. */
export function sometimes(random: Random, share: number): boolean {
  return random.fraction() < share;
}

/** Lower-case letters and digits. */
export function someText(random: Random, length: number): string {
  return Array.from({ length }, () => wholeBelow(random, 36).toString(36)).join('');
}

export function someBase64Url(random: Random, lengthBytes: number): string {
  return Buffer.from(random.bytes(lengthBytes)).toString('base64url');
}
