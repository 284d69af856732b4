/**
 * What comes of sending a request again that a worker may have received already:
 * - `harmless`: it changes nothing
 * - `once`: it carries an idempotency key, under which it is applied at most once
 * - `unsafe`: it might be applied twice
 */
export type Repetition = 'harmless' | 'once' | 'unsafe';
