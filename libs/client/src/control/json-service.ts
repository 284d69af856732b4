import type { CallOptions } from '../options.js';
import type { Call, Transport } from '../transport.js';
import { jsonOf } from '../wire.js';

const PAGE_SIZE = 500;

/** Routes that take and answer JSON. */
export class JsonService {
  constructor(private readonly transport: Transport) {}

  read<T>(path: string, options: CallOptions | undefined): Promise<T> {
    return this.json({ method: 'GET', path, repeat: 'read', signal: options?.signal });
  }

  /** Of what is no JSON. */
  bytes(path: string, options: CallOptions | undefined): Promise<Uint8Array> {
    return this.transport.send({ method: 'GET', path, repeat: 'read', signal: options?.signal }, ({ body }) => body);
  }

  create<T>(path: string, body: unknown, options: CallOptions | undefined): Promise<T> {
    return this.post(path, body, 'never', options);
  }

  /** Of what leaves nothing behind. */
  repeat<T>(path: string, body: unknown, options: CallOptions | undefined): Promise<T> {
    return this.post(path, body, 'read', options);
  }

  change<T>(path: string, body: unknown, revision: number | undefined, options: CallOptions): Promise<T> {
    const headers = {
      'content-type': 'application/json',
      ...(revision === undefined ? {} : { 'if-match': `"${revision}"` }),
    };
    const text = JSON.stringify(body);
    return this.json({ method: 'PATCH', path, headers, body: text, repeat: 'never', signal: options.signal });
  }

  /** Takes the place of what was there. */
  put<T>(path: string, body: unknown, options: CallOptions | undefined): Promise<T> {
    const headers = { 'content-type': 'application/json' };
    const text = JSON.stringify(body);
    return this.json({ method: 'PUT', path, headers, body: text, repeat: 'read', signal: options?.signal });
  }

  /** Deletes, and tells what was deleted. */
  take<T>(path: string, options: CallOptions | undefined): Promise<T> {
    return this.json({ method: 'DELETE', path, repeat: 'never', signal: options?.signal });
  }

  async delete(path: string, options: CallOptions | undefined): Promise<void> {
    await this.transport.send({ method: 'DELETE', path, repeat: 'read', signal: options?.signal }, () => undefined);
  }

  async *list<T>(
    path: string,
    member: string,
    options: CallOptions | undefined,
    filter: Readonly<Record<string, string>> = {},
  ): AsyncIterableIterator<T> {
    const more = Object.entries(filter)
      .map(([name, value]) => `&${name}=${encodeURIComponent(value)}`)
      .join('');
    let cursor: string | null = '';
    // Ends with the listing: each page but the last goes on behind an item.
    while (cursor !== null) {
      const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page: Readonly<Record<string, unknown>> = await this.read(
        `${path}?limit=${PAGE_SIZE}${more}${query}`,
        options,
      );
      yield* page[member] as readonly T[];
      cursor = page['cursor'] as string | null;
    }
  }

  private post<T>(path: string, body: unknown, repeat: Call['repeat'], options: CallOptions | undefined): Promise<T> {
    const headers = { 'content-type': 'application/json' };
    return this.json({ method: 'POST', path, headers, body: JSON.stringify(body), repeat, signal: options?.signal });
  }

  private json<T>(call: Call): Promise<T> {
    return this.transport.send(call, jsonOf<T>);
  }
}
