import { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

import { assert } from '@leasehold/foundation';

/** Who gets the body of a request as Node's parser finds it. Nothing of it may throw. */
export interface BodyTaker {
  receive(piece: Buffer): void;
  /** Once, when all of the request has arrived; not at all when its client is gone before. */
  received(): void;
}

/**
 * A request whose body need not go through a stream. Node makes one of every request, also of those without a body, and sees it to its end in
 * later turns of its queue, which costs more than taking the body does.
 *
 * What is overridden is what Node documents, for who brings data into a stream and for who reads from one.
 */
export class ServedRequest extends IncomingMessage {
  private taker: BodyTaker | undefined = undefined;
  private isTaken = false;

  static {
    const { get: hasEnded } = Object.getOwnPropertyDescriptor(Readable.prototype, 'readableEnded') as {
      readonly get: (this: Readable) => boolean;
    };
    // An accessor, which TypeScript lets nobody override. A connection holds on to its latest request until that has ended.
    Object.defineProperty(this.prototype, 'readableEnded', {
      configurable: true,
      get(this: ServedRequest): boolean {
        return this.isTaken ? this.taker === undefined : hasEnded.call(this);
      },
    });
  }

  /**
   * From now on the body is `taker`'s, and nothing of it is for readers of the stream. To be called in the turn in which the request is told:
   * nothing of its body has been looked at then.
   * @param taker undefined: there is no body, or nobody wants it
   */
  static take(request: IncomingMessage, taker: BodyTaker | undefined): void {
    assert(request instanceof ServedRequest, 'a request of a server of this kit');
    request.isTaken = true;
    request.taker = taker;
  }

  /** @param piece null: that was all */
  override push(piece: Buffer | null, encoding?: BufferEncoding): boolean {
    if (!this.isTaken) return super.push(piece, encoding);
    const { taker } = this;
    if (piece !== null) taker?.receive(piece);
    else {
      this.taker = undefined;
      taker?.received();
    }
    return true;
  }

  /** So Node lets a stream flow to its end that nobody has read. */
  override resume(): this {
    return this.isTaken ? this : super.resume();
  }
}
