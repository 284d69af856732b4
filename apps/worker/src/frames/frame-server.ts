import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

import type { HopFrame } from '@leasehold/protocol';
import { FRAMES_PROTOCOL, ProblemError } from '@leasehold/protocol';
import { answerOnSocket, FrameStream, secureAsServer } from '@leasehold/service-kit';

import type { KeyFrames } from './key-frames.js';
import type { PlainReads } from './plain-reads.js';

/** Gateways, or whoever wants to be one: each has one connection, or two while it replaces the first. */
const MAX_CONNECTIONS = 1_024;
/** Of one connection; twice what a gateway has with a worker at a time. */
const MAX_UNDER_WAY = 2_048;
/** Bodies of those, and of all connections together. */
const MAX_UNDER_WAY_BYTES = 64 * 1024 * 1024;
const MAX_TOTAL_BYTES = 256 * 1024 * 1024;
/** Answers that a gateway has yet to take: it is slow, and is to ask less. */
const MAX_UNSENT_BYTES = 64 * 1024 * 1024;
const AGREED = `HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: ${FRAMES_PROTOCOL}\r\n\r\n`;

/**
 * Connections over which gateways ask many things at a time. A gateway asks for one by an upgrade of HTTP, and shows in the handshake
 * of TLS that it has the secret; until then nothing it sends is looked at.
 */
export class FrameServer {
  private readonly sockets = new Set<Duplex>();
  /** Of bodies under way, over all connections. */
  private totalBytes = 0;
  /** How the connections that are not read from now are read from again, if there is room. */
  private readonly paused = new Set<() => void>();

  constructor(
    private readonly frames: Pick<KeyFrames, 'serve'>,
    private readonly reads: Pick<PlainReads, 'answer'>,
    private readonly secret: string,
  ) {}

  /** As listener of `upgrade`. */
  async accept(request: IncomingMessage, socket: Duplex): Promise<void> {
    socket.on('error', () => socket.destroy());
    if (request.headers.upgrade !== FRAMES_PROTOCOL) {
      return answerOnSocket(new ProblemError('invalid-request', 'there is no such protocol to upgrade to'), socket);
    }
    if (this.sockets.size >= MAX_CONNECTIONS) {
      return answerOnSocket(new ProblemError('overloaded', 'too many gateways are connected'), socket);
    }
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    request.socket.setTimeout(0);
    request.socket.setNoDelay(true);
    socket.write(AGREED);
    try {
      this.serve(await secureAsServer(socket, this.secret));
    } catch {
      // Whoever has no part in this is not told why.
      socket.destroy();
    }
  }

  /** At once; what is under way goes on, and its answers reach nobody. */
  close(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  private serve(socket: Duplex): void {
    let underWay = 0;
    let underWayBytes = 0;
    const isFull = (): boolean =>
      underWay >= MAX_UNDER_WAY ||
      underWayBytes >= MAX_UNDER_WAY_BYTES ||
      this.totalBytes >= MAX_TOTAL_BYTES ||
      stream.unsentBytes >= MAX_UNSENT_BYTES;
    const resume = (): void => {
      if (isFull() || !this.paused.delete(resume)) return;
      stream.resume();
    };
    const pauseIfFull = (): void => {
      if (!isFull()) return;
      this.paused.add(resume);
      stream.pause();
    };
    const take = (bodyBytes: number, requests: 1 | -1): void => {
      underWay += requests;
      underWayBytes += requests * bodyBytes;
      this.totalBytes += requests * bodyBytes;
    };
    const onFrame = (frame: HopFrame): void => {
      const { number, body } = frame;
      const answer = (head: string, answerBody: Uint8Array): void => stream.send({ number, head, body: answerBody });
      if (this.reads.answer(frame, answer)) return pauseIfFull();
      const bodyBytes = body.byteLength;
      take(bodyBytes, 1);
      pauseIfFull();
      this.frames
        .serve(frame, answer)
        .catch((error: Error) => stream.end(error))
        .finally(() => {
          take(bodyBytes, -1);
          for (const resumeOne of this.paused) resumeOne();
        });
    };
    const stream = new FrameStream(socket, { onFrame, onEnd: () => this.paused.delete(resume) });
    socket.on('drain', resume);
  }
}
