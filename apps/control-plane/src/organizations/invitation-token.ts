import { hash } from 'node:crypto';

import { toBase64Url, type Random } from '@leasehold/foundation';
import { ProblemError } from '@leasehold/protocol';

const TOKEN_BYTES = 32;

/** What is in the mail, and nowhere else. */
export function drawInvitationToken(random: Random): string {
  return toBase64Url(random.bytes(TOKEN_BYTES));
}

/** What is kept of it: 32 bytes. The token has 256 random bits, so that a slow hash would add nothing. */
export function hashInvitationToken(token: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(hash('sha256', token, 'buffer'));
}

/** One answer for every token that is worth nothing, whatever became of it. */
export function invalidInvitation(): ProblemError {
  return new ProblemError('invalid-link', 'the invitation is damaged, has expired, or is there no more');
}
