import type { Dispatcher } from 'undici';

/** An answer of any status, whole. */
export interface S3Answer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Uint8Array;
}

export interface ExchangeLimits {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Of the body of a 2xx. */
  readonly bodyLimitBytes: number;
}

/** Errors of S3 have a few hundred bytes; what is longer comes from somebody else and is not read to its end. */
export const MAX_ERROR_BYTES = 64 * 1024;

/**
 * One request on its way, from its begin to the last byte of its answer. `answer` settles once: with the answer, or with the first of timeout,
 * abort and failed connection, and in that case the connection is destroyed, never given back half read. A request that has been given up before
 * it was sent is not sent any more.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly answer: Promise<S3Answer>;
  /** As soon as the answer has settled; the connection may need a moment longer. */
  onSettled: () => void = () => undefined;
  /** As soon as the connection is free or destroyed; never for a request that was not dispatched. */
  onEnded: () => void = () => undefined;

  private readonly timer: NodeJS.Timeout;
  private readonly abort = (): void => this.fail(this.limits.signal?.reason);
  private resolve!: (answer: S3Answer) => void;
  private reject!: (error: unknown) => void;
  private isSettled = false;
  private ended = false;
  private controller: Dispatcher.DispatchController | undefined;
  private status = 0;
  private headers: S3Answer['headers'] = {};
  private body: AnswerBody | undefined;

  constructor(private readonly limits: ExchangeLimits) {
    this.answer = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    const { timeoutMs, signal } = limits;
    this.timer = setTimeout(() => this.fail(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    if (signal?.aborted) this.abort();
    else signal?.addEventListener('abort', this.abort, { once: true });
  }

  get settled(): boolean {
    return this.isSettled;
  }

  fail(error: unknown): void {
    if (this.settle()) this.reject(error);
    if (!this.ended) this.controller?.abort(asError(error));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // The HTTP client repeats a request whose connection ended in certain ways; a conditional put would then be refused by its own first attempt.
    if (this.controller !== undefined) this.fail(new Error('the request would have been sent twice'));
    this.controller = controller;
    if (this.isSettled) controller.abort(new Error('given up before it was sent'));
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: S3Answer['headers']): void {
    if (status < 200) return;
    this.status = status;
    this.headers = headers;
    const length = lengthOf(headers);
    const limitBytes = status < 300 ? this.limits.bodyLimitBytes : MAX_ERROR_BYTES;
    // A 304 has no body by definition, whatever length it tells.
    if (status === 304) return this.succeed(new Uint8Array(0));
    if (length !== undefined && length > limitBytes) return this.fail(tooLong(limitBytes));
    this.body = new AnswerBody(length, limitBytes);
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (this.isSettled || this.body === undefined) return;
    if (!this.body.add(chunk)) this.fail(tooLong(this.body.limitBytes));
  }

  onResponseEnd(): void {
    // Before the caller hears of it, so that what it sends next finds the place free.
    this.end();
    if (this.isSettled || this.body === undefined) return;
    const bytes = this.body.whole();
    if (bytes === undefined) this.fail(new Error('the body was cut short'));
    else this.succeed(bytes);
  }

  onResponseError(_: unknown, error: Error): void {
    this.end();
    this.fail(error);
  }

  private succeed(body: Uint8Array): void {
    if (this.settle()) this.resolve({ status: this.status, headers: this.headers, body });
  }

  /** False when it had settled before. */
  private settle(): boolean {
    if (this.isSettled) return false;
    this.isSettled = true;
    clearTimeout(this.timer);
    this.limits.signal?.removeEventListener('abort', this.abort);
    this.body = undefined;
    this.onSettled();
    return true;
  }

  private end(): void {
    if (this.ended) return;
    this.ended = true;
    this.onEnded();
  }
}

/** Collects a body into memory of its own: what arrives are views on larger buffers, which they would keep alive. */
class AnswerBody {
  private bytes: Uint8Array;
  private filled = 0;

  constructor(
    private readonly told: number | undefined,
    readonly limitBytes: number,
  ) {
    this.bytes = new Uint8Array(told ?? 0);
  }

  /** False when there is more than may be. */
  add(chunk: Uint8Array): boolean {
    const end = this.filled + chunk.byteLength;
    if (end > (this.told ?? this.limitBytes)) return false;
    if (end > this.bytes.byteLength) {
      const larger = new Uint8Array(Math.min(this.limitBytes, Math.max(end, 2 * this.bytes.byteLength)));
      larger.set(this.bytes.subarray(0, this.filled));
      this.bytes = larger;
    }
    this.bytes.set(chunk, this.filled);
    this.filled = end;
    return true;
  }

  /** Undefined when fewer bytes came than were told. */
  whole(): Uint8Array | undefined {
    if (this.told !== undefined && this.filled < this.told) return undefined;
    return this.filled === this.bytes.byteLength ? this.bytes : this.bytes.slice(0, this.filled);
  }
}

/** What the server says that the body will have. */
export function lengthOf(headers: S3Answer['headers']): number | undefined {
  const told = headers['content-length'];
  return typeof told === 'string' && /^\d{1,15}$/.test(told) ? Number(told) : undefined;
}

function tooLong(limitBytes: number): Error {
  return new Error(`the answer is longer than ${limitBytes} bytes`);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('aborted', { cause: error });
}
