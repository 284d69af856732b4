import { connect, type Socket } from 'node:net';

import type { HttpAnswer } from './http-answer.js';
import { readAnswer } from './http-answer.js';

const ANSWER_WITHIN_MS = 20_000;
/** On a machine with much else to do, too, an answer to a few bytes takes less. */
const QUIET_MS = 5_000;
/** After an answer: long enough for another one that nobody has asked for. */
const LATE_MS = 25;

/** A connection that is kept from request to request, and made anew when the other side has closed it. Sends any bytes. */
export class HttpConnection {
  private socket: Socket | undefined;
  private readonly hostname: string;
  private readonly port: number;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.hostname = hostname;
    this.port = Number(port);
  }

  /** @returns undefined when the connection was closed without an answer */
  async send(bytes: Uint8Array, method: string): Promise<HttpAnswer | undefined> {
    const isUsed = this.socket !== undefined;
    const answer = await this.exchange(bytes, method);
    // A connection that was kept may have been closed meanwhile: then nobody has read this.
    return answer === undefined && isUsed ? this.exchange(bytes, method) : answer;
  }

  close(): void {
    this.socket?.destroy();
    this.socket = undefined;
  }

  private exchange(bytes: Uint8Array, method: string): Promise<HttpAnswer | undefined> {
    const socket = (this.socket ??= connect(this.port, this.hostname));
    socket.setNoDelay(true);
    return new Promise((resolve, reject) => {
      let received = Buffer.alloc(0);
      const timer = setTimeout(() => finish(() => reject(new Error('no answer in time'))), ANSWER_WITHIN_MS);
      const finish = (settle: () => void, mayKeep = false): void => {
        clearTimeout(timer);
        socket.removeAllListeners();
        socket.on('error', () => undefined);
        if (!mayKeep) {
          socket.destroy();
          if (this.socket === socket) this.socket = undefined;
        }
        settle();
      };
      const onClosed = (): void => finish(() => resolve(undefined));
      socket.on('data', (chunk) => {
        received = Buffer.concat([received, chunk]);
        try {
          const read = readAnswer(received, method);
          if (read === undefined) return;
          const { answer } = read;
          const isOver = answer.headers.get('connection') === 'close';
          const isStream = answer.headers.get('content-type')?.startsWith('text/event-stream') === true;
          const isAlone = read.sizeBytes === received.byteLength;
          // What is no HTTP is refused before anybody knows that it was a HEAD, which has no body.
          if (!isAlone && !isStream && !isOver) throw new Error('more than one answer to one request');
          finish(() => resolve(answer), !isOver && !isStream);
        } catch (error) {
          finish(() => reject(error as Error));
        }
      });
      socket.on('error', onClosed);
      socket.on('close', onClosed);
      socket.on('end', onClosed);
      socket.write(bytes);
    });
  }
}

/**
 * Sends parts on a connection of its own, so long after each other, ends its side if asked to, and collects what comes until the other side
 * closes or nothing comes for a while.
 */
export function onOwnConnection(
  url: string,
  parts: readonly Uint8Array[],
  { pauseMs = 0, quietMs = QUIET_MS, isEnded = false }: OwnConnectionOptions = {},
): Promise<Buffer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    const received: Buffer[] = [];
    const timers = new Set<NodeJS.Timeout>();
    const finish = (): void => {
      for (const timer of timers) clearTimeout(timer);
      socket.destroy();
      resolve(Buffer.concat(received));
    };
    socket.setNoDelay(true);
    socket.setTimeout(parts.length * pauseMs + quietMs, finish);
    socket.on('data', (chunk: Buffer) => {
      received.push(chunk);
      socket.setTimeout(LATE_MS);
    });
    socket.on('error', finish).on('close', finish).on('end', finish);
    for (const [position, part] of parts.entries()) {
      const isLast = position === parts.length - 1;
      const send = (): void => void (isLast && isEnded ? socket.end(part) : socket.write(part));
      if (position === 0) send();
      else timers.add(setTimeout(send, position * pauseMs));
    }
  });
}

export interface OwnConnectionOptions {
  readonly pauseMs?: number;
  readonly quietMs?: number;
  /** Whether the client closes its side after the last part. */
  readonly isEnded?: boolean;
}
