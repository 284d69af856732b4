import type { Duplex } from 'node:stream';

import type { HopFrame, ReceivedFrame } from '@leasehold/protocol';
import { FrameReader, frameSize, writeFrame } from '@leasehold/protocol';

/** What is written at once at most; longer than most bursts of one turn of the event loop. */
const BATCH_BYTES = 128 * 1024;

export interface FrameStreamEvents {
  onFrame(frame: ReceivedFrame): void;
  /** Once: nothing comes any more, and nothing goes. */
  onEnd(cause: Error | undefined): void;
}

/**
 * Frames over a connection. What is sent within one turn of the event loop goes out together: a write costs as much as several requests
 * do otherwise.
 */
export class FrameStream {
  private batch: HopFrame[] = [];
  private batchBytes = 0;
  private ended = false;

  constructor(
    private readonly socket: Duplex,
    private readonly events: FrameStreamEvents,
  ) {
    const reader = new FrameReader((frame) => {
      if (!this.ended) events.onFrame(frame);
    });
    socket.on('data', (piece: Buffer) => {
      try {
        reader.push(piece);
        // What was answered at once need not wait for the end of this turn.
        this.flush();
      } catch (error) {
        this.end(error as Error);
      }
    });
    socket.on('error', (error) => this.end(error));
    socket.once('end', () => this.end());
    socket.once('close', () => this.end());
  }

  /** False from the moment on at which the connection is known to be of no more use. */
  get isOpen(): boolean {
    return !this.ended;
  }

  /** Bytes that the other side has yet to take. */
  get unsentBytes(): number {
    return this.batchBytes + this.socket.writableLength;
  }

  /** Nothing where it is not open. @throws BadFrameError a head that is too long; nothing was sent */
  send(frame: HopFrame): void {
    if (this.ended) return;
    this.batchBytes += frameSize(frame.head, frame.body);
    this.batch.push(frame);
    if (this.batchBytes >= BATCH_BYTES) this.flush();
    else if (this.batch.length === 1) setImmediate(() => this.flush());
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  /** At once: what has not been sent is not sent. */
  end(cause?: Error): void {
    if (this.ended) return;
    this.ended = true;
    this.socket.destroy();
    this.events.onEnd(cause);
  }

  private flush(): void {
    if (this.batch.length === 0 || this.ended) return;
    const { batch } = this;
    const bytes = Buffer.allocUnsafe(this.batchBytes);
    this.batch = [];
    this.batchBytes = 0;
    let at = 0;
    for (const frame of batch) at = writeFrame(bytes, at, frame);
    this.socket.write(bytes);
  }
}
