import type { Credentials } from './credentials.js';
import type { ConflictError } from './errors.js';
import { InvalidError, LeaseholdError, UnavailableError, UnknownOutcomeError } from './errors.js';
import type { Platform } from './platform.js';
import { errorOfAnswer } from './refusal.js';
import type { ResponseFacts } from './response-facts.js';
import { responseFacts } from './response-facts.js';
import type { Repeat, RetrySettings } from './retry-policy.js';
import { afterFailure } from './retry-policy.js';

export interface TransportSettings {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly credentials: Credentials;
  /** For a whole call, its repetitions and pauses included. */
  readonly timeoutMs: number;
  /** For one attempt; then its answer counts as lost. */
  readonly attemptTimeoutMs: number;
  readonly retries: RetrySettings;
  readonly onResponse?: ((facts: ResponseFacts) => void) | undefined;
}

export interface Call {
  readonly method: 'GET' | 'PUT' | 'DELETE' | 'POST' | 'PATCH';
  /** Below the base, with its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer> | string;
  readonly repeat: Repeat;
  /** Statuses that are answers although they are no success. */
  readonly accepts?: readonly number[];
  /** As in {@link afterFailure}. */
  readonly staysRefused?: (refusal: ConflictError) => boolean;
  /** The same was sent before, and it is not known what became of it. */
  readonly isOpen?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** A service that is called over HTTP, until it answers or the bounds are reached. */
export class Transport {
  constructor(
    readonly platform: Platform,
    private readonly settings: TransportSettings,
  ) {}

  /**
   * Rejects with the reason of the call's signal when that aborts; a write that was sent by then may be applied still.
   * @param read what the answer tells; where it throws, the answer is none of the service, and counts as lost
   */
  async send<T>(call: Call, read: (answer: Answer) => T): Promise<T> {
    const { platform, settings } = this;
    const startedAt = platform.now();
    let isOpen = call.isOpen === true;
    // Ends by itself: `afterFailure` counts attempts and looks at the time.
    for (let attempts = 1; ; attempts++) {
      const remainingMs = settings.timeoutMs - (platform.now() - startedAt);
      const attemptMs = Math.max(0, Math.min(settings.attemptTimeoutMs, remainingMs));
      const outcome = await this.within(attemptMs, call.signal, (signal) => this.attempt(call, read, attempts, signal));
      if (!(outcome instanceof LeaseholdError)) return outcome;
      if (outcome instanceof UnknownOutcomeError) isOpen = true;
      const state = {
        repeat: call.repeat,
        attempts,
        isOpen,
        remainingMs: settings.timeoutMs - (platform.now() - startedAt),
        staysRefused: call.staysRefused ?? (() => false),
      };
      const step = afterFailure(outcome, state, settings.retries, platform.random());
      if (step.kind === 'fail') throw step.error;
      await platform.sleep(step.delayMs, call.signal);
    }
  }

  /**
   * One attempt at an answer whose body is read by the caller, bit by bit. The time of an attempt bounds what comes before the body; the signal ends
   * the body, too, and is to be one of this stream alone.
   */
  async open(call: Omit<Call, 'repeat' | 'staysRefused'>): Promise<Response> {
    const request = new AbortController();
    forwardAbort(call.signal, request);
    const outcome = await this.within(this.settings.attemptTimeoutMs, call.signal, async (signal) => {
      forwardAbort(signal, request);
      const response = await this.fetched({ ...call, repeat: 'read' }, 1, request.signal);
      return response instanceof LeaseholdError || response.ok ? response : refusalOf(response);
    });
    if (outcome instanceof LeaseholdError) throw outcome;
    return outcome;
  }

  private async attempt<T>(
    call: Call,
    read: (answer: Answer) => T,
    attempts: number,
    signal: AbortSignal,
  ): Promise<T | LeaseholdError> {
    const response = await this.fetched(call, attempts, signal);
    if (response instanceof LeaseholdError) return response;
    const { status, headers } = response;
    if (!response.ok && call.accepts?.includes(status) !== true) return refusalOf(response);
    const body = new Uint8Array(await response.arrayBuffer());
    try {
      return read({ status, headers, body });
    } catch {
      // Without its cause: that one quotes the body, which is a value perhaps.
      const message = `an answer with status ${status} that is none of a gateway`;
      return new UnknownOutcomeError({ code: 'unreadable-answer', message });
    }
  }

  /** With another token, once, when the first is refused. */
  private async fetched(call: Call, attempts: number, signal: AbortSignal): Promise<Response | LeaseholdError> {
    const { credentials } = this.settings;
    const bearer = await tokenOf(credentials.bearer(signal));
    if (bearer instanceof LeaseholdError) return bearer;
    const response = await this.fetchOnce(call, attempts, bearer, signal);
    if (response instanceof LeaseholdError || response.status !== 401) return response;
    const refusal = await refusalOf(response);
    if (!credentials.renew(bearer)) return refusal;
    const renewed = await tokenOf(credentials.bearer(signal));
    return renewed instanceof LeaseholdError ? renewed : this.fetchOnce(call, attempts, renewed, signal);
  }

  private async fetchOnce(
    call: Call,
    attempt: number,
    bearer: string,
    signal: AbortSignal,
  ): Promise<Response | LeaseholdError> {
    const { method, path, body, repeat } = call;
    const idempotency: Record<string, string> =
      typeof repeat === 'object' ? { 'idempotency-key': repeat.idempotencyKey } : {};
    const headers = { authorization: `Bearer ${bearer}`, ...idempotency, ...call.headers };
    if (!areSendable(headers)) {
      const message = 'a key, token, idempotency key or version has characters that no header takes';
      return new InvalidError({ code: 'invalid-argument', message });
    }
    const init = { method, headers, signal, ...(body === undefined ? {} : { body }) };
    const response = await this.platform.fetch(this.settings.baseUrl + path, init);
    this.tell(responseFacts(method, attempt, response));
    return response;
  }

  /** @returns a lost answer as an error, and throws only the reason of the caller's signal */
  private async within<T>(
    timeMs: number,
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T | LeaseholdError> {
    signal?.throwIfAborted();
    const attempt = new AbortController();
    const stop = forwardAbort(signal, attempt);
    const timer = new AbortController();
    let isLate = false;
    void this.platform.sleep(timeMs, timer.signal).then(
      () => {
        isLate = true;
        attempt.abort();
      },
      () => undefined,
    );
    try {
      const outcome = await work(attempt.signal);
      if (outcome instanceof LeaseholdError) signal?.throwIfAborted();
      return outcome;
    } catch (cause) {
      signal?.throwIfAborted();
      const what = isLate
        ? { code: 'timeout', message: 'no answer in time' }
        : { code: 'unreachable', message: 'the connection failed' };
      return new UnknownOutcomeError({ ...what, cause });
    } finally {
      timer.abort();
      stop();
    }
  }

  /** A listener that fails must not make an answer look lost. */
  private tell(facts: ResponseFacts): void {
    try {
      this.settings.onResponse?.(facts);
    } catch {
      // Its own affair.
    }
  }
}

/** `fetch` throws where they are not, as it does where nobody answers: that would look like a lost answer. */
function areSendable(headers: Readonly<Record<string, string>>): boolean {
  try {
    return Boolean(new Headers(headers));
  } catch {
    return false;
  }
}

async function refusalOf(response: Response): Promise<LeaseholdError> {
  const { status, headers } = response;
  return errorOfAnswer({
    status,
    retryAfter: headers.get('retry-after'),
    requestId: headers.get('x-request-id'),
    body: await response.text(),
  });
}

/** Whoever gives no token keeps everything from being sent, which is not what a lost answer is. */
async function tokenOf(bearer: Promise<string>): Promise<string | LeaseholdError> {
  try {
    const token = await bearer;
    if (typeof token === 'string' && token !== '') return token;
    return new InvalidError({ code: 'invalid-argument', message: 'the token function gave no token' });
  } catch (cause) {
    return new UnavailableError({
      code: 'no-token',
      message: 'the token function gave no token in time, or failed',
      cause,
    });
  }
}

/** @returns what ends the forwarding */
function forwardAbort(from: AbortSignal | undefined, to: AbortController): () => void {
  if (from === undefined) return () => undefined;
  const abort = () => to.abort(from.reason);
  if (from.aborted) abort();
  from.addEventListener('abort', abort, { once: true });
  return () => from.removeEventListener('abort', abort);
}
