import { parseVersion } from '@leasehold/foundation';
import { Pool } from 'undici';

import type { HttpAnswer, NoAnswer } from './outcome.js';

export interface HttpRequest {
  readonly method: 'GET' | 'PUT' | 'DELETE' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** Above what a gateway holds a request (12 s) and waits for a commit (3 s): whatever it has to say is heard. */
const REQUEST_TIMEOUT_MS = 20_000;
const CONNECT_TIMEOUT_MS = 2_000;
const CONNECTIONS = 2_048;

/** Connections to one process. One request is one attempt. */
export class HttpClient {
  private readonly pool: Pool;

  constructor(
    origin: string,
    private readonly timeoutMs = REQUEST_TIMEOUT_MS,
  ) {
    this.pool = new Pool(origin, { connections: CONNECTIONS, pipelining: 1, connect: { timeout: CONNECT_TIMEOUT_MS } });
  }

  async send({ method, path, headers, body }: HttpRequest): Promise<HttpAnswer | NoAnswer> {
    try {
      const response = await this.pool.request({
        method,
        path,
        headers,
        body: body ?? null,
        signal: AbortSignal.timeout(this.timeoutMs),
        headersTimeout: 0,
        bodyTimeout: 0,
      });
      const bytes = await response.body.arrayBuffer();
      const etag = response.headers['etag'];
      const version = typeof etag === 'string' ? parseVersion(etag.replaceAll('"', '')) : undefined;
      const isReplayed = response.headers['idempotency-replayed'] === 'true';
      return { status: response.statusCode, version, isReplayed, body: new Uint8Array(bytes) };
    } catch (error) {
      return noAnswer(error);
    }
  }

  async close(): Promise<void> {
    await this.pool.destroy();
  }
}

function noAnswer(error: unknown): NoAnswer {
  // A timeout of ours has a number for a code.
  const { name, code, syscall } = error as { name?: string; code?: string | number; syscall?: string };
  const neverSent = syscall === 'connect' || code === 'UND_ERR_CONNECT_TIMEOUT';
  return { error: typeof code === 'string' ? code : (name ?? 'unknown error'), neverSent };
}
