import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';

import { LeaseholdError } from '@leasehold/foundation';
import { Client, type Dispatcher } from 'undici';

import { TargetFailedError, TargetRefusedError, type FailedStep } from './outbound-errors.js';
import { publicNames } from './public-names.js';
import type { Address, Resolve } from './resolve.js';
import { mayBeLocal, TargetRules, type Target, type TargetPolicy } from './target.js';

/** More for a name are not looked at: who has so many is no receiver of ours. */
const MAX_ADDRESSES = 32;
/** Under way at once; each holds a socket and one answer. */
const MAX_CALLS = 500;
const MAX_HEADER_BYTES = 16 * 1024;
const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_ANSWER_BYTES = 64 * 1024;
const RETRY_AFTER_MS = 1_000;

export interface OutboundRequest {
  readonly url: string;
  /** Default GET. */
  readonly method?: 'GET' | 'POST';
  /** `host` and `accept-encoding` are ours. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** From resolving the name to the last byte; default 10 s. */
  readonly timeoutMs?: number;
  /** Of the body of the answer; default 64 KiB. */
  readonly maxAnswerBytes?: number;
  /** What a larger answer is: a failure (the default), or cut there, where only its beginning matters. */
  readonly largerAnswer?: 'fail' | 'cut';
  readonly signal?: AbortSignal;
}

export interface OutboundAnswer {
  /** Whatever the target said; 3xx too, as redirects are not followed. */
  readonly status: number;
  /** Names in lower case; the first of several. */
  readonly headers: ReadonlyMap<string, string>;
  /** As it came, not decompressed. */
  readonly body: Uint8Array;
  /** The body was longer than what is here. */
  readonly isCut: boolean;
}

/** What calls targets that tenants name. */
export interface Outbound {
  /**
   * Whether a URL may be called as far as that can be told without the network: for the moment in which a tenant names it.
   * @throws TargetRefusedError
   */
  check(url: string): void;

  /**
   * One request on a connection of its own.
   *
   * @throws TargetRefusedError: nothing was sent, nor will it be another time
   * @throws TargetFailedError: by its kind nothing was sent (`unavailable`), or nobody knows what the target did (`unknown`)
   * @throws LeaseholdError overloaded; the reason of an aborted signal
   */
  call(request: OutboundRequest): Promise<OutboundAnswer>;
}

/**
 * The name is resolved once, all its addresses are checked, and the connection is given only those: rebinding a name between the check and the
 * connection has nothing to rebind. The certificate is checked against the name as always.
 *
 * A pool was rejected: calls to one target are rare, and a connection that is kept would outlive what was checked about it.
 */
export class OutboundClient implements Outbound {
  private readonly rules: TargetRules;
  private calls = 0;

  /** @throws RangeError when a range of the policy is none */
  constructor(
    policy: TargetPolicy = {},
    private readonly resolve: Resolve = resolveByRules,
  ) {
    this.rules = new TargetRules(policy);
  }

  check(url: string): void {
    this.rules.parse(url);
  }

  async call(request: OutboundRequest): Promise<OutboundAnswer> {
    const target = this.rules.parse(request.url);
    request.signal?.throwIfAborted();
    if (this.calls >= MAX_CALLS) {
      throw new LeaseholdError('unavailable', 'overloaded', 'too many calls are under way', {
        retryAfterMs: RETRY_AFTER_MS,
      });
    }
    this.calls += 1;
    const timeout = AbortSignal.timeout(request.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    const signal = request.signal ? AbortSignal.any([timeout, request.signal]) : timeout;
    const progress: Progress = { step: 'resolve' };
    let client: Client | undefined;
    try {
      const addresses = await this.addressesOf(target, signal);
      progress.step = 'connect';
      client = clientTo(target, addresses, () => (progress.step = 'answer'));
      return await exchange(client, target, request, signal);
    } catch (error) {
      request.signal?.throwIfAborted();
      if (error instanceof TargetRefusedError || error instanceof TargetFailedError) throw error;
      throw failed(progress.step, error, timeout.aborted);
    } finally {
      this.calls -= 1;
      // Also whatever is left of an answer that was cut.
      client?.destroy().catch(() => undefined);
    }
  }

  private async addressesOf(target: Target, signal: AbortSignal): Promise<readonly Address[]> {
    const family = isIP(target.host);
    const found =
      family === 0 ? await abortable(this.resolve(target.host), signal) : [{ address: target.host, family }];
    if (found.length === 0) throw new TargetFailedError('resolve', 'the name has no address');
    if (found.length > MAX_ADDRESSES) throw new TargetRefusedError(`the name has more than ${MAX_ADDRESSES} addresses`);
    this.rules.checkAddresses(
      found.map(({ address }) => address),
      target,
    );
    return found;
  }
}

const resolvePublic = publicNames();

/** Names that may mean this machine come as far as this only where that is allowed: what they mean, the machine says. */
const resolveByRules: Resolve = (name) =>
  mayBeLocal(name) ? lookup(name, { all: true, verbatim: true }) : resolvePublic(name);

interface Progress {
  step: Exclude<FailedStep, 'timeout'>;
}

/** Connects to nothing but the given addresses. */
function clientTo(target: Target, addresses: readonly Address[], onConnected: () => void): Client {
  const [first] = addresses;
  const pinned: LookupFunction = (_name, options, callback) => {
    if (options.all === true) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family);
  };
  const client = new Client(target.url.origin, {
    connect: { lookup: pinned },
    maxHeaderSize: MAX_HEADER_BYTES,
    pipelining: 1,
    // One deadline rules all: these would only be second ones.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  client.on('connect', onConnected);
  return client;
}

async function exchange(
  client: Client,
  { url }: Target,
  request: OutboundRequest,
  signal: AbortSignal,
): Promise<OutboundAnswer> {
  const { host: _host, ...headers } = lowerCased(request.headers ?? {});
  const answer = await client.request({
    path: `${url.pathname}${url.search}`,
    method: request.method ?? 'GET',
    headers: { 'user-agent': 'Leasehold', ...headers, 'accept-encoding': 'identity', connection: 'close' },
    body: request.body ?? null,
    signal,
  });
  const { body, isCut } = await readBody(answer.body, request.maxAnswerBytes ?? DEFAULT_ANSWER_BYTES);
  if (isCut && request.largerAnswer !== 'cut') throw new TargetFailedError('answer', 'the answer is too large');
  return { status: answer.statusCode, headers: firstOfEach(answer.headers), body, isCut };
}

async function readBody(stream: Dispatcher.ResponseData['body'], limitBytes: number) {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    chunks.push(chunk.subarray(0, limitBytes - sizeBytes));
    sizeBytes += chunk.byteLength;
    if (sizeBytes > limitBytes) return { body: new Uint8Array(Buffer.concat(chunks)), isCut: true };
  }
  return { body: new Uint8Array(Buffer.concat(chunks)), isCut: false };
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function firstOfEach(headers: Readonly<Record<string, string | string[] | undefined>>): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    const first = Array.isArray(value) ? value[0] : value;
    if (first !== undefined) found.set(name.toLowerCase(), first);
  }
  return found;
}

function failed(reached: Exclude<FailedStep, 'timeout'>, cause: unknown, isLate: boolean): TargetFailedError {
  const late = isLate ? ' in time' : '';
  const step = isLate && reached === 'answer' ? 'timeout' : reached;
  const message = {
    resolve: `the name of the target cannot be resolved${late}`,
    connect: `no connection to the target${late}, or not with a certificate of its name`,
    timeout: 'the target did not answer in time',
    answer: 'the target broke off, or did not answer in HTTP',
  }[step];
  return new TargetFailedError(step, message, { cause });
}

/** Resolving cannot be stopped; waiting for it can. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (onAbort) signal.removeEventListener('abort', onAbort);
    work.catch(() => undefined);
  }
}
