import { randomBytes } from 'node:crypto';

import { startTestPostgres } from '@leasehold/metadata-testing';

import type { QueueStore } from '../src/queue-store.js';
import { CuttableProxy } from './cuttable-proxy.js';

/** A real server for queues, behind a relay that a test can cut. */
export interface QueueServer {
  readonly proxy: CuttableProxy;
  /** An empty place for queues of its own, reached through the relay. */
  store(): QueueStore;
  close(): Promise<void>;
}

function namespace(): string {
  return `test_${randomBytes(6).toString('hex')}`;
}

export async function postgresQueueServer(): Promise<QueueServer> {
  const postgres = await startTestPostgres();
  const proxy = await CuttableProxy.start({ host: '127.0.0.1', port: postgres.port });
  return {
    proxy,
    store: () => ({ kind: 'postgres', databaseUrl: proxy.inFrontOf(postgres.url()), namespace: namespace() }),
    close: async () => {
      await proxy.close();
      await postgres.close();
    },
  };
}

export async function redisQueueServer(redisUrl: string): Promise<QueueServer> {
  const { hostname, port } = new URL(redisUrl);
  const proxy = await CuttableProxy.start({ host: hostname, port: Number(port || 6379) });
  return {
    proxy,
    store: () => ({ kind: 'redis', redisUrl: proxy.inFrontOf(redisUrl), namespace: namespace() }),
    close: () => proxy.close(),
  };
}
