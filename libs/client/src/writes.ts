import { wireCommit } from './byte-commit.js';
import { ConflictError, LeaseholdError, UnknownOutcomeError } from './errors.js';
import type { CommitOptions, Committed } from './options.js';
import { areKeysUsedUp } from './retry-policy.js';
import type { Call, Transport } from './transport.js';
import { committedOf, JSON_HEADERS } from './wire.js';

/**
 * Writes under idempotency keys, each applied once or not at all.
 *
 * A refusal that comes after an attempt whose answer was lost does not say what becomes of that attempt: it may still be on its way, and arrive when the condition holds again.
 * Then another commit, one that does nothing, is made under the same key. If it is applied, the key is taken, and the write never can be. If it is refused
 * because the key is taken, the write was applied, and sending it again tells how.
 */
export class Writes {
  constructor(private readonly transport: Transport) {}

  /** @param near a key of the write: whoever may write it may write there */
  async send(call: Omit<Call, 'repeat'>, options: CommitOptions, near: Uint8Array): Promise<Committed> {
    const { transport } = this;
    const repeat = { idempotencyKey: options.idempotencyKey ?? transport.platform.randomId() };
    try {
      return await transport.send({ ...call, repeat }, committedOf);
    } catch (error) {
      // Without one it is not repeated, and what is lost stays unknown: better than no write for the rest of the day.
      if (options.idempotencyKey === undefined && areKeysUsedUp(error)) {
        return await transport.send({ ...call, repeat: 'never' }, committedOf);
      }
      const isSettled = !(error instanceof UnknownOutcomeError && error.cause instanceof ConflictError);
      // A key of the caller is not spent on something else.
      if (isSettled || options.idempotencyKey !== undefined) throw error;
      const isFree = await this.takesKey(repeat, near, options.signal);
      // What kept it from being settled says nothing of the write.
      if (isFree === undefined) throw error;
      if (isFree) throw error.cause;
      return transport.send({ ...call, repeat, isOpen: true }, committedOf);
    }
  }

  /** @returns whether the key was free, and is not any more; undefined: it is not known */
  private async takesKey(
    repeat: { readonly idempotencyKey: string },
    near: Uint8Array,
    signal: AbortSignal | undefined,
  ): Promise<boolean | undefined> {
    const body = wireCommit({ ops: [{ op: 'deleteRange', range: { start: near, end: near } }] });
    try {
      await this.transport.send(
        { method: 'POST', path: '/transactions', headers: JSON_HEADERS, body, repeat, signal },
        committedOf,
      );
      return true;
    } catch (error) {
      if (!(error instanceof LeaseholdError)) throw error;
      return error.code === 'idempotency-key-reused' ? false : undefined;
    }
  }
}
