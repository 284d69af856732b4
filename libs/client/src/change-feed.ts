import type { ByteCommitted, ByteFeedOptions } from './byte-changes.js';
import { commitOfEvent } from './byte-changes.js';
import { InvalidError, LeaseholdError, UnauthorizedError, UnavailableError } from './errors.js';
import type { StreamEvent } from './event-stream.js';
import { EventStreamReader } from './event-stream.js';
import { keyBytes } from './key-range.js';
import type { Version } from './options.js';
import { isVersion } from './options.js';
import { errorOfEvent } from './refusal.js';
import { DEFAULT_RETRIES, helpsToRetry, jitter } from './retry-policy.js';
import type { Transport } from './transport.js';

/** A gateway sends something every 15 s; a connection that is silent for three times as long is dead. */
const MAX_SILENCE_MS = 45_000;
const DEFAULT_PATIENCE_MS = 600_000;

/** Where a feed stands, and what it has lived through. */
interface Feed {
  /** Everything up to here was told; undefined: it has not begun. */
  since: Version | undefined;
  /** What the last stream asked to wait before coming back. */
  retryMs: number;
  /** In a row, with no stream in between that has begun. */
  failures: number;
  /** When the first of them was. */
  troubledSince: number | undefined;
}

/**
 * Every commit after `since`, once, in order. Connections that are cut off, or end because the gateway does, are made anew from the last block that arrived whole;
 * nothing is told twice and nothing is left out. Ends with the signal, by rejecting with its reason.
 * @throws InvalidError `history-gone`: `since` lies before what the database remembers; read the present state, and follow from its version.
 *   `invalid-version`: it is none, and nothing was sent
 * @throws UnavailableError nothing could be reached in `patienceMs`
 */
export async function* followChanges(
  transport: Transport,
  { since, prefix, signal, patienceMs = DEFAULT_PATIENCE_MS }: ByteFeedOptions,
): AsyncGenerator<ByteCommitted, void, undefined> {
  const { platform } = transport;
  if (since !== undefined && since !== '0' && !isVersion(since)) {
    throw new InvalidError({ code: 'invalid-version', message: "since is '0' or a version, 20 hexadecimal digits" });
  }
  const feed: Feed = { since, retryMs: 0, failures: 0, troubledSince: undefined };
  const prefixQuery = prefix === undefined ? '' : `&prefix=${percentEncode(keyBytes(prefix))}`;
  // Ends with the signal, with the consumer, or with the patience.
  for (;;) {
    signal?.throwIfAborted();
    try {
      let isReached = false;
      for await (const event of connection(transport, feed.since, prefixQuery, signal)) {
        const commit = take(event, feed);
        // The block that says when to come back is the first: by then the database has answered, however quiet it is from there on.
        if (event.id !== undefined || event.retryMs !== undefined) {
          isReached = true;
          feed.failures = 0;
          feed.troubledSince = undefined;
        }
        if (commit !== undefined) yield commit;
      }
      if (!isReached) throw unreadable('the feed ended before it told anything');
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof LeaseholdError) || !helpsToRetry(error)) throw error;
      // Not since something was told last: a database may be quiet, and a computer asleep, for longer than that.
      feed.troubledSince ??= platform.now();
      if (platform.now() - feed.troubledSince > patienceMs) throw asUnavailable(error);
      feed.failures += 1;
      feed.retryMs = Math.max(feed.retryMs, error.retryAfterMs ?? 0);
    }
    const pauseMs = feed.failures === 0 ? 0 : jitter(feed.failures, DEFAULT_RETRIES, platform.random());
    await platform.sleep(Math.max(pauseMs, Math.min(feed.retryMs, DEFAULT_RETRIES.maxDelayMs)), signal);
  }
}

/** @returns the commit that the event tells. @throws LeaseholdError the event tells that the stream ends with it */
function take({ event, id, data, retryMs }: StreamEvent, feed: Feed): ByteCommitted | undefined {
  if (retryMs !== undefined) feed.retryMs = retryMs;
  if (event === 'error') throw endOfStream(errorOfEvent(data ?? ''), feed);
  const commit = data === undefined || data === '' ? undefined : readCommit(data);
  // A block without data says that everything up to its id did not concern the feed.
  if (id !== undefined) feed.since = id;
  return commit;
}

/** A token that ended in the midst of a stream is no refusal yet: the next request, which need not wait, shows another one, if there is one. */
function endOfStream(error: LeaseholdError, feed: Feed): LeaseholdError {
  if (!(error instanceof UnauthorizedError)) return error;
  feed.retryMs = 0;
  return asUnavailable(error);
}

function readCommit(data: string): ByteCommitted {
  try {
    return commitOfEvent(data);
  } catch {
    throw unreadable('an event is none of a gateway');
  }
}

/** The events of one connection, until it ends. */
async function* connection(
  transport: Transport,
  since: Version | undefined,
  prefixQuery: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<StreamEvent, void, undefined> {
  const { platform } = transport;
  const stream = new AbortController();
  const stop = () => stream.abort(signal?.reason);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const path = `/changes?encoding=base64${since === undefined ? '' : `&since=${encodeURIComponent(since)}`}${prefixQuery}`;
    const headers = { accept: 'text/event-stream' };
    const response = await transport.open({ method: 'GET', path, headers, signal: stream.signal });
    const reader = response.body?.getReader();
    if (reader === undefined || !/^text\/event-stream\b/i.test(response.headers.get('content-type') ?? '')) {
      throw unreadable('the answer is no stream of events');
    }
    const events = new EventStreamReader();
    const decoder = new TextDecoder();
    for (;;) {
      const silence = new AbortController();
      void platform.sleep(MAX_SILENCE_MS, silence.signal).then(
        () => stream.abort(),
        () => undefined,
      );
      const part = await reader.read().finally(() => silence.abort());
      if (part.done) return;
      yield* events.push(decoder.decode(part.value, { stream: true }));
    }
  } catch (cause) {
    if (cause instanceof LeaseholdError) throw cause;
    throw new UnavailableError({ code: 'unreachable', message: 'the connection of the feed was cut off', cause });
  } finally {
    signal?.removeEventListener('abort', stop);
    // Also where the consumer has had enough.
    stream.abort();
  }
}

/** Whoever answers so is no gateway; one may be there later. */
function unreadable(message: string): UnavailableError {
  return new UnavailableError({ code: 'unreadable-answer', message });
}

function asUnavailable(error: LeaseholdError): UnavailableError {
  const { code, message, requestId, retryAfterMs } = error;
  return new UnavailableError({ code, message, requestId, retryAfterMs, cause: error });
}

function percentEncode(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
}
