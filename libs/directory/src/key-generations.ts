import { secretMatches } from './api-key.js';

/** How long a secret that was replaced goes on working, at most: a week. */
export const MAX_OVERLAP_SECONDS = 7 * 24 * 60 * 60;

/** A secret that was replaced, and works until its end. */
export interface PreviousSecret {
  /** SHA-256 of it. */
  readonly hash: Uint8Array;
  /** Ms since the epoch. */
  readonly endsAt: number;
}

/** The secrets of one key: never more than two of them live at a time. */
export interface KeyGenerations {
  /** SHA-256 of the present secret. */
  readonly secretHash: Uint8Array;
  /** Of the generation before, as long as it is kept. */
  readonly previous?: PreviousSecret | undefined;
}

/**
 * When the generation that this secret belongs to ends, in ms since the epoch: infinite for the present one. Undefined where it is the secret of
 * neither, or of one that has ended. Says nothing of the end of the key itself.
 */
export function endOfSecret(
  secret: string,
  { secretHash, previous }: KeyGenerations,
  nowMs: number,
): number | undefined {
  if (secretMatches(secret, secretHash)) return Infinity;
  const isPrevious = previous !== undefined && secretMatches(secret, previous.hash);
  return isPrevious && previous.endsAt > nowMs ? previous.endsAt : undefined;
}
