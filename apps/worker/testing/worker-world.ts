import { randomUUID } from 'node:crypto';

import { HeadStore } from '@leasehold/engine';
import type { Head } from '@leasehold/engine';
import type { DatabaseId, SessionId } from '@leasehold/foundation';
import { systemClock, systemRandom, toBase64Url, utf8 } from '@leasehold/foundation';
import type { LocalBucket } from '@leasehold/local-bucket';
import { startLocalBucket } from '@leasehold/local-bucket';
import { MemoryStore } from '@leasehold/object-store';
import { digestBody, HOP_HEADERS, signHop } from '@leasehold/protocol';
import type { RunningService } from '@leasehold/service-kit';
import { loadConfig } from '@leasehold/service-kit';

import { fleetPartsOf, fleetWorkerConfig } from '../src/fleet-worker.js';
import { startWorker } from '../src/start-worker.js';

export const SECRET = 'a secret that gateways and workers share';
export const OPERATOR_SECRET = 'a secret of workers and control plane';
/** A worker that ends waits for who is still connected. */
const NOT_KEPT = { connection: 'close' };
const BUCKET = { bucket: 'leasehold', accessKeyId: 'worker', secretAccessKey: 'worker-secret', host: '127.0.0.1' };

export interface Ask {
  readonly method?: string;
  readonly body?: Uint8Array | string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly tenant?: string;
  /** Replaces the signature; null leaves it out. */
  readonly hop?: string | null;
  /** What is signed, where it differs from what is sent. */
  readonly signed?: {
    readonly method?: string;
    readonly path?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  };
  readonly expiresAt?: number;
}

/** Workers as processes know them, over a bucket served on loopback; the queue of jobs is not reachable. */
export class WorkerWorld {
  readonly store = new MemoryStore(systemClock);
  readonly heads = new HeadStore({ store: this.store, clock: systemClock, random: systemRandom });
  readonly lost: unknown[] = [];
  private readonly running: RunningService[] = [];
  private readonly buckets: LocalBucket[] = [];

  /** Another server for the same bucket: closing it cuts off who uses it. */
  async serveBucket(port = 0): Promise<LocalBucket> {
    const bucket = await startLocalBucket({ store: this.store, port, ...BUCKET });
    this.buckets.push(bucket);
    return bucket;
  }

  async start(bucket: LocalBucket, env: Readonly<Record<string, string>> = {}): Promise<RunningService> {
    const config = loadConfig(fleetWorkerConfig, {
      LOG_LEVEL: 'silent',
      S3_ENDPOINT: bucket.url,
      S3_BUCKET: BUCKET.bucket,
      S3_ACCESS_KEY_ID: BUCKET.accessKeyId,
      S3_SECRET_ACCESS_KEY: BUCKET.secretAccessKey,
      LEASEHOLD_INTERNAL_SECRET: SECRET,
      LEASEHOLD_OPERATOR_SECRET: OPERATOR_SECRET,
      DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing',
      DRAIN_TIMEOUT_MS: '3000',
      ...env,
    });
    const service = await startWorker(config, (reason) => this.lost.push(reason), fleetPartsOf(config));
    this.running.push(service);
    return service;
  }

  async close(): Promise<void> {
    await Promise.all(this.running.map((service) => service.close()));
    await Promise.all(this.buckets.map((bucket) => bucket.close()));
  }

  /** What a worker tells whoever looks after it. */
  look(worker: RunningService, path: '/readyz' | '/metrics'): Promise<Response> {
    return fetch(worker.url + path, { headers: NOT_KEPT });
  }

  async headOf(databaseId: string): Promise<Head | undefined> {
    return (await this.heads.load(databaseId as DatabaseId))?.head;
  }
}

/** One database, asked as a gateway asks. */
export class AskedDatabase {
  readonly id: string = randomUUID();

  key(key: string, worker: RunningService, ask: Ask = {}): Promise<Response> {
    return this.ask(worker, `/keys64/${toBase64Url(utf8(key))}`, ask);
  }

  put(
    key: string,
    value: Uint8Array | string,
    worker: RunningService,
    headers: Ask['headers'] = {},
  ): Promise<Response> {
    return this.key(key, worker, { method: 'PUT', body: value, headers });
  }

  async ask(worker: RunningService, rest: string, ask: Ask = {}): Promise<Response> {
    const { method = 'GET', body, tenant = 'tenant-a', signed = {} } = ask;
    const path = `/internal/v1/databases/${this.id}${rest}`;
    const headers = { [HOP_HEADERS.tenant]: tenant, [HOP_HEADERS.database]: 'orders', ...ask.headers };
    const hop = signHop(SECRET, {
      method: signed.method ?? method,
      path: signed.path ?? path,
      headers: { ...headers, ...signed.headers },
      bodyDigest: digestBody(bytesOf(signed.body ?? body ?? '')),
      expiresAt: ask.expiresAt ?? Date.now() + 30_000,
    });
    return fetch(worker.url + path, {
      method,
      body: body === undefined ? undefined : Buffer.from(bytesOf(body)),
      headers: { ...NOT_KEPT, ...(ask.hop === null ? {} : { [HOP_HEADERS.hop]: ask.hop ?? hop }), ...headers },
    });
  }
}

export function waitFor(session: string): Record<string, string> {
  return { [HOP_HEADERS.waitForOwner]: session as SessionId };
}

function bytesOf(body: Uint8Array | string): Uint8Array {
  return typeof body === 'string' ? utf8(body) : body;
}
