import { request as httpRequest } from 'node:http';
import type { Socket } from 'node:net';

import { systemClock, toBase64Url, utf8 } from '@leasehold/foundation';
import { formatRequestHead, FRAMES_PROTOCOL, HOP_HEADERS, parseAnswerHead } from '@leasehold/protocol';
import { FrameStream, secureAsClient } from '@leasehold/service-kit';

import { SECRET } from './worker-world.js';

export interface FramedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

const LONGEST_ANSWER_MS = 20_000;

/** Asks for an upgrade; resolves with the connection, or with the status of a refusal. */
export function upgrade(
  url: string,
  protocol = FRAMES_PROTOCOL,
  more: Readonly<Record<string, string>> = {},
): Promise<Socket | number> {
  return new Promise((resolve, reject) => {
    const headers = { connection: 'Upgrade', upgrade: protocol, ...more };
    const asked = httpRequest(`${url}/internal/v1/frames`, { agent: false, headers });
    asked.once('upgrade', (_response, socket) => resolve(socket));
    asked.once('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.once('error', reject).end();
  });
}

/** A gateway that asks over frames. */
export class FramedGateway {
  private readonly answers = new Map<number, (answer: FramedAnswer) => void>();
  private readonly stream: FrameStream;
  private lastNumber = 0;
  readonly ended: Promise<void>;

  static async connect(url: string, secret = SECRET): Promise<FramedGateway> {
    const socket = await upgrade(url);
    if (typeof socket === 'number') throw new Error(`no upgrade: ${socket}`);
    return new FramedGateway(await secureAsClient(socket, secret));
  }

  private constructor(socket: ConstructorParameters<typeof FrameStream>[0]) {
    let end = (): void => undefined;
    this.ended = new Promise((resolve) => (end = resolve));
    this.stream = new FrameStream(socket, {
      onFrame: ({ number, head, body }) => {
        this.answers.get(number)?.({ ...parseAnswerHead(head), body: Buffer.from(body) });
        this.answers.delete(number);
      },
      onEnd: () => end(),
    });
  }

  key(method: string, database: string, key: string, body = '', headers: Record<string, string> = {}) {
    return this.ask(method, `/internal/v1/databases/${database}/keys64/${toBase64Url(utf8(key))}`, body, headers);
  }

  ask(method: string, path: string, body = '', headers: Record<string, string> = {}): Promise<FramedAnswer> {
    const number = ++this.lastNumber;
    const own = { [HOP_HEADERS.tenant]: 'tenant-a', [HOP_HEADERS.database]: 'orders' };
    const head = formatRequestHead({ method, path, headers: { ...own, ...headers } });
    return new Promise((resolve, reject) => {
      systemClock.schedule(LONGEST_ANSWER_MS, () => reject(new Error('no answer')));
      this.answers.set(number, resolve);
      this.stream.send({ number, head, body: utf8(body) });
    });
  }

  close(): void {
    this.stream.end();
  }
}
