import { isLeaseholdError, systemClock } from '@leasehold/foundation';
import { FolderStore } from '@leasehold/object-store';
import { pino } from 'pino';

import { LocalBucketConfigError, readConfig } from './config.js';
import { startLocalBucket } from './local-bucket.js';
import type { LocalBucket } from './local-bucket.js';

/** What workers need to flush and to seal their records when all processes lose their supervisor. */
const LAST_AFTER_PARENT_MS = 3_000;

/**
 * The whole life of the process: configuration, folder, server, drain. Tells its parent `{ type: 'ready', url }` once it serves; drains and exits on
 * SIGTERM, SIGINT, and when its parent is gone. A failure to start is one sentence on stderr and exit code 1.
 */
export async function runLocalBucket(env: NodeJS.ProcessEnv): Promise<void> {
  const logger = pino({
    level: env['LOG_LEVEL'] || 'info',
    base: { service: 'local-bucket', pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  });
  let store: FolderStore | undefined;
  let bucket: LocalBucket | undefined;
  let ending = false;

  const end = async (reason: string): Promise<void> => {
    if (ending) return;
    ending = true;
    logger.info({ reason }, 'draining');
    await bucket?.close();
    await store?.close();
    logger.info('stopped');
    process.exit(0);
  };
  process.on('SIGTERM', () => void end('SIGTERM'));
  process.on('SIGINT', () => void end('SIGINT'));
  process.on('disconnect', () => {
    // The services lost the same parent at the same moment, and need the bucket to end cleanly.
    setTimeout(() => void end('parent is gone'), LAST_AFTER_PARENT_MS);
  });

  try {
    const config = readConfig(env);
    store = await FolderStore.open(config.directory, systemClock);
    bucket = await startLocalBucket({
      ...config,
      store,
      onError: (error, operation) => logger.error({ err: error, operation }, 'request failed'),
    });
    logger.info({ url: bucket.url, objects: store.objects }, 'ready');
    process.send?.({ type: 'ready', url: bucket.url });
  } catch (error) {
    process.stderr.write(`local-bucket: ${startFailure(error, env)}\n`);
    await store?.close();
    process.exit(1);
  }
}

function startFailure(error: unknown, env: NodeJS.ProcessEnv): string {
  if (error instanceof LocalBucketConfigError || isLeaseholdError(error)) return error.message;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const address = `${env['HOST'] || '127.0.0.1'}:${env['PORT'] || '0'}`;
  if (code === 'EADDRINUSE') return `the address ${address} is in use by another process`;
  const isAddress = error instanceof Error && 'syscall' in error && error.syscall === 'listen';
  if (isAddress && (code === 'EACCES' || code === 'EADDRNOTAVAIL'))
    return `the address ${address} cannot be listened on (${code})`;
  // A system error of the folder: its message names the call and the path.
  if (code !== undefined && error instanceof Error) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
