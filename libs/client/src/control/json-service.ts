import { wireTime, type CallOptions, type CommitOptions } from '../options.js';
import { areKeysUsedUp } from '../retry-policy.js';
import type { Call, Transport } from '../transport.js';
import { JSON_HEADERS, jsonOf } from '../wire.js';

const PAGE_SIZE = 500;

/** What is asked of a route; members that are undefined are left out. */
export type Query = Readonly<Record<string, string | Date | undefined>>;

/** Routes that take and answer JSON. */
export class JsonService {
  constructor(private readonly transport: Transport) {}

  async read<T>(path: string, options: CallOptions | undefined, query: Query = {}): Promise<T> {
    const asked = queryOf(query);
    const full = asked === '' ? path : `${path}?${asked}`;
    return this.json({ method: 'GET', path: full, repeat: 'read', signal: options?.signal });
  }

  /** Of what is no JSON. */
  bytes(path: string, options: CallOptions | undefined): Promise<Uint8Array> {
    return this.transport.send({ method: 'GET', path, repeat: 'read', signal: options?.signal }, ({ body }) => body);
  }

  create<T>(path: string, body: unknown, options: CommitOptions | undefined): Promise<T> {
    return this.once(posted(path, body), options);
  }

  /** What is in the answer alone: a repetition does not tell it. */
  createSecret<T>(path: string, body: unknown, options: CallOptions | undefined): Promise<T> {
    return this.json({ ...posted(path, body), repeat: 'never', signal: options?.signal });
  }

  /** Of what leaves nothing behind. */
  repeat<T>(path: string, body: unknown, options: CallOptions | undefined): Promise<T> {
    return this.json({ ...posted(path, body), repeat: 'read', signal: options?.signal });
  }

  change<T>(path: string, body: unknown, revision: number | undefined, options: CommitOptions): Promise<T> {
    const headers = { ...JSON_HEADERS, ...(revision === undefined ? {} : { 'if-match': `"${revision}"` }) };
    return this.once({ method: 'PATCH', path, headers, body: JSON.stringify(body) }, options);
  }

  /** Takes the place of what was there. */
  put<T>(path: string, body: unknown, options: CallOptions | undefined): Promise<T> {
    const text = JSON.stringify(body);
    return this.json({
      method: 'PUT',
      path,
      headers: JSON_HEADERS,
      body: text,
      repeat: 'read',
      signal: options?.signal,
    });
  }

  /** Deletes, and tells what was deleted. */
  take<T>(path: string, options: CommitOptions | undefined): Promise<T> {
    return this.once({ method: 'DELETE', path }, options);
  }

  async delete(path: string, options: CallOptions | undefined): Promise<void> {
    await this.transport.send({ method: 'DELETE', path, repeat: 'read', signal: options?.signal }, () => undefined);
  }

  async *list<T>(
    path: string,
    member: string,
    options: CallOptions | undefined,
    filter: Query = {},
  ): AsyncIterableIterator<T> {
    let cursor: string | undefined;
    // Ends with the listing: each page but the last goes on behind an item.
    do {
      const query = { limit: String(PAGE_SIZE), ...filter, cursor };
      const page: Readonly<Record<string, unknown>> = await this.read(path, options, query);
      yield* page[member] as readonly T[];
      cursor = (page['cursor'] as string | null) ?? undefined;
    } while (cursor !== undefined);
  }

  /** Under an idempotency key. Where the caller has used up those of the day it is sent without, and not again. */
  private async once<T>(call: Omit<Call, 'repeat' | 'signal'>, options: CommitOptions = {}): Promise<T> {
    const { idempotencyKey = this.transport.platform.randomId(), signal } = options;
    try {
      return await this.json({ ...call, repeat: { idempotencyKey }, signal });
    } catch (error) {
      if (options.idempotencyKey !== undefined || !areKeysUsedUp(error)) throw error;
      return this.json({ ...call, repeat: 'never', signal });
    }
  }

  private json<T>(call: Call): Promise<T> {
    return this.transport.send(call, jsonOf<T>);
  }
}

/** @throws InvalidError a Date that is no time */
function queryOf(query: Query): string {
  const textOf = (value: string | Date) => encodeURIComponent(typeof value === 'string' ? value : wireTime(value));
  return Object.entries(query)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${textOf(value)}`]))
    .join('&');
}

function posted(path: string, body: unknown): Omit<Call, 'repeat' | 'signal'> {
  return { method: 'POST', path, headers: JSON_HEADERS, body: JSON.stringify(body) };
}
