import { request as httpRequest } from 'node:http';
import type { Duplex } from 'node:stream';

import type { SessionId } from '@leasehold/foundation';
import { assert } from '@leasehold/foundation';
import type { ReceivedFrame } from '@leasehold/protocol';
import { formatRequestHead, FRAMES_PROTOCOL, HOP_HEADERS, parseAnswerHead } from '@leasehold/protocol';
import { FrameStream, secureAsClient } from '@leasehold/service-kit';

import type { WorkerAnswer } from './worker-answer.js';
import type { WorkerRequest } from './worker-request.js';

const UPGRADE_PATH = '/internal/v1/frames';
const UPGRADE_TIMEOUT_MS = 2_000;
/** How often it is asked who has run out of time: one timer for all of them, because one for each costs more than their frames do. */
const SWEEP_MS = 50;
/** A number is a place among those under way, and how often the place was taken before: an answer that comes too late finds nobody. */
const PLACE_BITS = 12;
const PLACES = 1 << PLACE_BITS;
const MAX_TURNS = 1 << (32 - PLACE_BITS);
/** Requests that the worker has yet to take, those that have run out of time included: more go elsewhere. */
const MAX_UNSENT_BYTES = 16 * 1024 * 1024;
/** An attempt that had less time than this says nothing about the connection. */
const MIN_SILENCE_MS = 500;
/** An answer is a piece of what came with it; smaller ones are copied, so that they do not keep all of that. */
const COPIED_BYTES = 16 * 1024;
const NO_BODY = new Uint8Array(0);

/** Who asks. Exactly one of the two is told, once; neither may throw. */
export interface FramedAsker {
  /** @param body a part of what came with it, to be copied by who keeps it */
  answered(head: string, body: Buffer): void;
  /** @param error TimeoutError as undici's; any other: the connection is gone. The request may or may not have arrived */
  lost(error: unknown): void;
}

interface Pending {
  readonly number: number;
  readonly asker: FramedAsker;
  readonly timeoutMs: number;
  readonly expiresAtMs: number;
  /** Frames that had come when it was sent. */
  readonly heardBefore: number;
}

/**
 * One connection to a worker over which many requests go at the same time, each answered when it is done. It is secured as a whole, with
 * the secret of the installation, in place of a signature for each request (docs/hop-frames.md).
 */
export class FramedChannel {
  /**
   * By place. Not a Map by number: one whose entries come and go with every request is made anew all the time, and drags what it held into
   * the long-lived part of the heap.
   */
  private readonly places: (Pending | undefined)[] = [];
  private readonly turns: number[] = [];
  private readonly free: number[] = [];
  private underWay = 0;
  private sweeper: NodeJS.Timeout | undefined;
  private readonly frames: FrameStream;
  private framesReceived = 0;
  private retired = false;
  private onEnd = (): void => undefined;
  /** Resolves when the connection is gone. */
  readonly ended = new Promise<void>((resolve) => (this.onEnd = resolve));

  /** @throws Error the worker takes no frames, is another session, does not have the secret, or does not answer in time; nothing was asked */
  static async open(origin: string, secret: string, session: SessionId): Promise<FramedChannel> {
    return new FramedChannel(await secureAsClient(await upgrade(origin, session), secret));
  }

  private constructor(socket: Duplex) {
    this.frames = new FrameStream(socket, {
      onFrame: (frame) => this.receive(frame),
      onEnd: (cause) => {
        this.lose(cause ?? new Error('the connection was closed'));
        this.onEnd();
      },
    });
  }

  /** False once it takes no more requests, whatever comes. */
  get isOpen(): boolean {
    return !this.retired && this.frames.isOpen;
  }

  /** Whether a request may be asked over it now. */
  get hasRoom(): boolean {
    return this.isOpen && this.frames.unsentBytes < MAX_UNSENT_BYTES;
  }

  /** @throws TimeoutError as undici's; what `admitAnswer` throws; any other error: the request may or may not have arrived */
  ask({ method, path, headers, body, timeoutMs, admitAnswer }: Omit<WorkerRequest, 'sign'>): Promise<WorkerAnswer> {
    return new Promise((resolve, reject) => {
      const answered = (answerHead: string, answerBody: Buffer): void => {
        try {
          admitAnswer?.(answerBody.byteLength);
          resolve({ ...parseAnswerHead(answerHead), body: keptBody(answerBody) });
        } catch (error) {
          reject(error);
        }
      };
      this.send(formatRequestHead({ method, path, headers }), body ?? NO_BODY, timeoutMs, { answered, lost: reject });
    });
  }

  /** One attempt, without a promise. @throws BadFrameError a head that is too long: nothing was sent, and nobody is told */
  send(head: string, body: Uint8Array, timeoutMs: number, asker: FramedAsker): void {
    const number = this.takeNumber();
    try {
      this.frames.send({ number, head, body });
    } catch (error) {
      this.free.push(number % PLACES);
      throw error;
    }
    const expiresAtMs = performance.now() + timeoutMs;
    this.places[number % PLACES] = { number, asker, timeoutMs, expiresAtMs, heardBefore: this.framesReceived };
    this.underWay++;
    this.sweeper ??= setInterval(() => this.sweep(), SWEEP_MS).unref();
  }

  /** Takes no more requests, and ends with the last of those that are under way. */
  retire(): void {
    this.retired = true;
    if (this.underWay === 0) this.frames.end();
  }

  /** At once: what is under way is lost. */
  destroy(): void {
    this.retired = true;
    this.frames.end();
    this.lose(new Error('the connection was given up'));
  }

  private takeNumber(): number {
    const place = this.free.pop() ?? this.turns.length;
    assert(place < PLACES, 'no more requests than may be asked of a worker at a time');
    const turn = ((this.turns[place] ?? 0) + 1) % MAX_TURNS;
    this.turns[place] = turn;
    return turn * PLACES + place;
  }

  private receive({ number, head, body }: ReceivedFrame): void {
    this.framesReceived++;
    // The answer to one that has run out of time is no use to anybody.
    this.settle(number)?.answered(head, body);
  }

  private settle(number: number): FramedAsker | undefined {
    const place = number % PLACES;
    const pending = this.places[place];
    if (pending?.number !== number) return undefined;
    this.places[place] = undefined;
    this.free.push(place);
    this.underWay--;
    if (this.retired && this.underWay === 0) this.frames.end();
    return pending.asker;
  }

  private sweep(): void {
    if (this.underWay === 0) {
      clearInterval(this.sweeper);
      this.sweeper = undefined;
      return;
    }
    const nowMs = performance.now();
    for (const pending of this.places) {
      if (pending === undefined || pending.expiresAtMs > nowMs) continue;
      const { number, timeoutMs, heardBefore } = pending;
      // Not a word in all this time, of nothing: whoever asks again should not ask here.
      if (this.framesReceived === heardBefore && timeoutMs >= MIN_SILENCE_MS) this.retire();
      this.settle(number)?.lost(new DOMException('no answer in time', 'TimeoutError'));
    }
  }

  private lose(cause: Error): void {
    for (const pending of this.places) if (pending !== undefined) this.settle(pending.number)?.lost(cause);
  }
}

/** As it may be kept. */
export function keptBody(bytes: Buffer): Buffer {
  return bytes.byteLength < COPIED_BYTES ? Buffer.from(bytes) : bytes;
}

/** The connection itself, after the worker has agreed. */
function upgrade(origin: string, session: SessionId): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const asked = httpRequest(origin + UPGRADE_PATH, {
      // A connection of its own: it stays.
      agent: false,
      headers: { connection: 'Upgrade', upgrade: FRAMES_PROTOCOL, [HOP_HEADERS.session]: session },
      timeout: UPGRADE_TIMEOUT_MS,
    });
    asked.once('upgrade', (_response, socket, head) => {
      socket.setTimeout(0);
      socket.setNoDelay(true);
      socket.setKeepAlive(true, UPGRADE_TIMEOUT_MS);
      if (head.byteLength > 0) socket.unshift(head);
      resolve(socket);
    });
    asked.once('response', (response) => {
      response.destroy();
      reject(new Error(`the worker takes no frames: ${response.statusCode}`));
    });
    asked.once('timeout', () => asked.destroy(new Error('no answer to the wish for frames')));
    asked.once('error', reject);
    asked.end();
  });
}
