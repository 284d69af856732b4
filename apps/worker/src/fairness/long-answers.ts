import type { DatabaseIdentity } from '@leasehold/engine';

import type { AnswerRoom } from './answer-room.js';
import type { FairAdmission } from './fair-admission.js';
import { madeInTurns } from './made-in-turns.js';

/** What an answer is made of. */
export interface AnswerSource {
  /** As `madeInTurns` takes them. */
  readonly parts: Iterator<string, unknown>;
  /** Of keys and values, which stay in memory until the text is made. */
  readonly sourceBytes: number;
}

/** The response that the answer is sent with; of Node. */
export interface SentResponse {
  readonly closed: boolean;
  once(event: 'close', listener: () => void): unknown;
}

/** Makes long answers: in turns, and in bounded memory until they were taken. */
export class LongAnswers {
  constructor(
    private readonly slices: FairAdmission,
    private readonly room: AnswerRoom,
  ) {}

  /**
   * The answer. Its room is given back when the response is over, or when this fails.
   * @throws BackpressureError there is no room for it, or as `madeInTurns`
   */
  async make(
    identity: DatabaseIdentity,
    signal: AbortSignal,
    response: SentResponse,
    { parts, sourceBytes }: AnswerSource,
  ): Promise<Buffer> {
    const { room } = this;
    const { tenantId } = identity;
    let heldBytes = 0;
    const hold = (bytes: number): void => {
      room.take(tenantId, bytes);
      heldBytes += bytes;
    };
    try {
      hold(sourceBytes);
      const made = await madeInTurns(this.slices, identity, signal, parts, hold);
      if (response.closed) room.giveBack(tenantId, heldBytes);
      else response.once('close', () => room.giveBack(tenantId, heldBytes));
      return made;
    } catch (error) {
      room.giveBack(tenantId, heldBytes);
      throw error;
    }
  }
}
