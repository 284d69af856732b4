import { hash } from 'node:crypto';

import type { Random } from '@leasehold/foundation';

const COUNT = 10;
const GROUPS = 4;
const GROUP_CHARS = 4;
/** 32 of them, so that a byte draws one evenly; without what looks alike. */
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz123456789';

/** To be shown once and kept on paper: `abcd-efgh-jkmn-pqrs`, 80 random bits, so that a fast hash is enough. */
export function drawBackupCodes(random: Random): readonly string[] {
  return Array.from({ length: COUNT }, () => {
    const letters = [...random.bytes(GROUPS * GROUP_CHARS)].map((byte) => ALPHABET.charAt(byte % ALPHABET.length));
    return Array.from({ length: GROUPS }, (_, n) =>
      letters.slice(n * GROUP_CHARS, (n + 1) * GROUP_CHARS).join(''),
    ).join('-');
  });
}

/** However it is typed: capitals, blanks and hyphens make no difference. */
export function hashBackupCode(code: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(hash('sha256', code.toLowerCase().replace(/[\s-]/g, ''), 'buffer'));
}
