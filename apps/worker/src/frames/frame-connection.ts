import type { Duplex } from 'node:stream';

import type { HopFrame } from '@leasehold/protocol';
import { FrameStream } from '@leasehold/service-kit';

/** Of one connection; twice what a gateway has with a worker at a time. */
const MAX_UNDER_WAY = 2_048;
/** Bodies of those, and of all connections together. */
const MAX_UNDER_WAY_BYTES = 64 * 1024 * 1024;
const MAX_TOTAL_BYTES = 256 * 1024 * 1024;
/** Answers that a gateway has yet to take: it is slow, and is to ask less. */
const MAX_UNSENT_BYTES = 64 * 1024 * 1024;

/** What the connections of a worker share: room for bodies under way. */
export class FrameRoom {
  private takenBytes = 0;
  /** Those that are not read from now, until there is room. */
  private readonly paused = new Set<FrameConnection>();

  get isFull(): boolean {
    return this.takenBytes >= MAX_TOTAL_BYTES;
  }

  take(bytes: number): void {
    this.takenBytes += bytes;
  }

  giveBack(bytes: number): void {
    this.takenBytes -= bytes;
    if (this.paused.size === 0) return;
    for (const connection of this.paused) connection.resumeIfRoom();
  }

  pause(connection: FrameConnection): void {
    this.paused.add(connection);
  }

  resume(connection: FrameConnection): boolean {
    return this.paused.delete(connection);
  }
}

/**
 * A connection of a gateway, and what it has under way. Who asks for more than there is room for is not read from until some of that is
 * answered.
 */
export class FrameConnection {
  private readonly stream: FrameStream;
  private underWay = 0;
  private underWayBytes = 0;

  constructor(
    socket: Duplex,
    private readonly room: FrameRoom,
    serve: (frame: HopFrame, connection: FrameConnection) => void,
  ) {
    this.stream = new FrameStream(socket, {
      onFrame: (frame) => serve(frame, this),
      onEnd: () => void room.resume(this),
    });
    socket.on('drain', () => this.resumeIfRoom());
  }

  /** A request is under way until {@link leave}. */
  enter(bodyBytes: number): void {
    this.underWay++;
    this.underWayBytes += bodyBytes;
    this.room.take(bodyBytes);
    this.pauseIfFull();
  }

  leave(bodyBytes: number): void {
    this.underWay--;
    this.underWayBytes -= bodyBytes;
    this.room.giveBack(bodyBytes);
  }

  /** An answer. Nothing where the gateway is gone. */
  answer(number: number, head: string, body: Uint8Array): void {
    this.stream.send({ number, head, body });
  }

  pauseIfFull(): void {
    if (!this.isFull) return;
    this.room.pause(this);
    this.stream.pause();
  }

  resumeIfRoom(): void {
    if (this.isFull || !this.room.resume(this)) return;
    this.stream.resume();
  }

  end(cause: Error): void {
    this.stream.end(cause);
  }

  private get isFull(): boolean {
    return (
      this.underWay >= MAX_UNDER_WAY ||
      this.underWayBytes >= MAX_UNDER_WAY_BYTES ||
      this.room.isFull ||
      this.stream.unsentBytes >= MAX_UNSENT_BYTES
    );
  }
}
