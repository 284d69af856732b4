import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

import type { HopFrame } from '@leasehold/protocol';
import { FRAMES_PROTOCOL, ProblemError } from '@leasehold/protocol';
import { answerOnSocket, secureAsServer } from '@leasehold/service-kit';

import { FrameConnection, FrameRoom } from './frame-connection.js';
import type { KeyFrames } from './key-frames.js';
import type { PlainReads } from './plain-reads.js';
import type { PlainWrites } from './plain-writes.js';

/** Gateways, or whoever wants to be one: each has one connection, or two while it replaces the first. */
const MAX_CONNECTIONS = 1_024;
const AGREED = `HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: ${FRAMES_PROTOCOL}\r\n\r\n`;

/** Who serves what comes in frames: the short ways first, each of which leaves what it does not take untouched. */
export interface FrameWays {
  readonly reads: Pick<PlainReads, 'answer'>;
  readonly writes: Pick<PlainWrites, 'take'>;
  readonly routes: Pick<KeyFrames, 'serve'>;
}

/**
 * Connections over which gateways ask many things at a time. A gateway asks for one by an upgrade of HTTP, and shows in the handshake
 * of TLS that it has the secret; until then nothing it sends is looked at.
 */
export class FrameServer {
  private readonly sockets = new Set<Duplex>();
  private readonly room = new FrameRoom();

  constructor(
    private readonly ways: FrameWays,
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
      const secure = await secureAsServer(socket, this.secret);
      new FrameConnection(secure, this.room, (frame, connection) => this.serve(frame, connection));
    } catch {
      // Whoever has no part in this is not told why.
      socket.destroy();
    }
  }

  /** At once; what is under way goes on, and its answers reach nobody. */
  close(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  private serve(frame: HopFrame, connection: FrameConnection): void {
    const { reads, writes, routes } = this.ways;
    const { number, body } = frame;
    if (writes.take(frame, connection)) return;
    const answer = (head: string, answerBody: Uint8Array): void => connection.answer(number, head, answerBody);
    if (reads.answer(frame, answer)) return connection.pauseIfFull();
    const bodyBytes = body.byteLength;
    connection.enter(bodyBytes);
    routes
      .serve(frame, answer)
      .catch((error: Error) => connection.end(error))
      .finally(() => connection.leave(bodyBytes));
  }
}
