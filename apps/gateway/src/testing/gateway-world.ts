import { request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';

import type { BudgetLedger, FetchKeySet, Revocations } from '@leasehold/directory';
import type { DatabaseId, SessionId } from '@leasehold/foundation';
import { systemClock, systemRandom, UlidSource } from '@leasehold/foundation';
import { TrafficMeter, UsageMeter } from '@leasehold/metering';
import { rendezvousOrder } from '@leasehold/routing';
import { createLogger } from '@leasehold/service-kit';
import type { RunningService } from '@leasehold/service-kit';

import { gatewayConfig } from '../config.js';
import { directoryOver } from '../gateway-parts.js';
import type { GatewayOptions } from '../start-gateway.js';
import { startGateway } from '../start-gateway.js';
import { FakeDirectorySource } from './fake-directory-source.js';
import { FakeSessions } from './fake-sessions.js';
import { FakeWorker, INTERNAL_SECRET } from './fake-worker.js';

export const DATABASE_ID = '0b2f6f53-5a2f-4c6e-9a57-0d6a1f0b9d11';

const FORMER_TRIES = 1_000;

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  json(): Record<string, unknown>;
}

export interface CallOptions {
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface GatewayWorldParts {
  readonly source?: FakeDirectorySource;
  /** What reaches the gateway past Postgres. */
  readonly revocations?: Revocations;
  readonly fetchKeySet?: FetchKeySet;
  readonly ledger?: BudgetLedger;
}

/** A real gateway over HTTP, with workers, sessions and a directory that the test commands. */
export class GatewayWorld {
  readonly sessions = new FakeSessions();
  readonly source: FakeDirectorySource;
  readonly key: string;
  /** What was read through it. */
  readonly usage = new UsageMeter();
  readonly traffic = new TrafficMeter();
  private readonly workers: FakeWorker[] = [];
  private readonly ids = new UlidSource(systemClock, systemRandom);
  private readonly revocations: Revocations | undefined;
  private readonly fetchKeySet: FetchKeySet | undefined;
  private readonly ledger: BudgetLedger | undefined;
  private gateway: RunningService | undefined;

  /** @param shared with another world, whose keys and databases are known here, too */
  constructor({ source = new FakeDirectorySource(), revocations, fetchKeySet, ledger }: GatewayWorldParts = {}) {
    this.ledger = ledger;
    this.fetchKeySet = fetchKeySet;
    this.source = source;
    this.revocations = revocations;
    this.key = this.source.addKey('tenant-a', ['data:read', 'data:write']);
    this.source.addDatabase('tenant-a', 'main', DATABASE_ID);
  }

  async start(env: Readonly<Record<string, string>> = {}, options: GatewayOptions = {}): Promise<this> {
    const config = gatewayConfig.parse({
      LOG_LEVEL: 'silent',
      DATABASE_URL: 'none',
      LEASEHOLD_INTERNAL_SECRET: INTERNAL_SECRET,
      HOLD_TIMEOUT_MS: '600',
      DRAIN_TIMEOUT_MS: '100',
      ...env,
    });
    const directory = directoryOver(this.source, createLogger('gateway', 'silent'), {
      ...(this.revocations && { revocations: this.revocations }),
      ...(this.fetchKeySet && { fetchKeySet: this.fetchKeySet }),
    });
    await directory.start();
    this.gateway = await startGateway(
      config,
      async () => ({
        sessions: this.sessions,
        directory,
        usage: this.usage,
        traffic: this.traffic,
        ...(this.ledger && { ledger: this.ledger }),
        close: () => directory.stop(),
      }),
      options,
    );
    return this;
  }

  async stop(): Promise<void> {
    await this.gateway?.close();
    await Promise.all(this.workers.map((worker) => worker.stop()));
  }

  get url(): string {
    return this.gateway?.url ?? '';
  }

  nextSession(): SessionId {
    return this.ids.next() as SessionId;
  }

  async addWorker(options: { readonly hidden?: boolean } = {}): Promise<FakeWorker> {
    const worker = await FakeWorker.start(this.nextSession());
    this.workers.push(worker);
    this.sessions.add(worker.id, worker.endpoint, options);
    return worker;
  }

  /** A session that is not yet known to have ended, which the database prefers to all others, and at whose address this worker listens by now. */
  addFormer(worker: FakeWorker): SessionId {
    const others = this.workers.map(({ id }) => id);
    for (let tries = 0; tries < FORMER_TRIES; tries++) {
      const id = this.nextSession();
      if (rendezvousOrder(DATABASE_ID as DatabaseId, [...others, id])[0] !== id) continue;
      this.sessions.add(id, worker.endpoint);
      return id;
    }
    throw new Error('the database prefers no new session');
  }

  /** The target goes out as it is: no URL parser touches it. */
  call(method: string, target: string, { key = this.key, headers = {}, body }: CallOptions = {}): Promise<Answer> {
    const { hostname, port } = new URL(this.url);
    return new Promise((resolve, reject) => {
      const call = httpRequest(
        {
          hostname,
          port,
          method,
          path: target,
          headers: { ...(key ? { authorization: `Bearer ${key}` } : {}), ...headers },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject).on('end', () => {
            const bytes = Buffer.concat(chunks);
            const json = () => JSON.parse(bytes.toString()) as Record<string, unknown>;
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: bytes, json });
          });
        },
      );
      call.on('error', reject).end(body);
    });
  }
}
