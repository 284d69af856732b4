import { createHash } from 'node:crypto';

const HASH_CHARS = 32;

/**
 * Names one wish for ever, so that a repetition is none. Stripe remembers a key for a day, refuses it with other parameters, and answers it alike also
 * where the first answer was a failure on its side: what is looked for before it is asked for again has a key with a turn, and what could be there
 * twice, a line or a credit, has none, and may wait for that day.
 *
 * @param content what may differ between two wishes about the same; equal content makes equal keys
 */
export function idempotencyKeyOf(operation: string, id: string, content?: unknown): string {
  const key = `leasehold-${operation}-${id}`;
  if (content === undefined) return key;
  return `${key}-${createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, HASH_CHARS)}`;
}
