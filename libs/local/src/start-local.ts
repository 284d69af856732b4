import { connect } from '@leasehold/client';
import { Directory } from '@leasehold/directory';
import { isTenantId, LeaseholdError, systemClock, systemRandom, toHex } from '@leasehold/foundation';
import type { TenantId } from '@leasehold/foundation';
import { startGateway } from '@leasehold/gateway';
import { SessionWatch } from '@leasehold/lease';
import { reliableReads } from '@leasehold/object-store';
import { checkDatabaseName } from '@leasehold/protocol';
import { createLogger } from '@leasehold/service-kit';

import { Closers } from './closers.js';
import { fetchUntil } from './fetch-until.js';
import { endLeftSessions } from './end-left-sessions.js';
import { drawHopSecret, sharedHopSecret } from './hop-secret.js';
import { LocalDirectory } from './local-directory.js';
import type { LocalOptions, LocalScope } from './local-options.js';
import type { Local, LocalTenant } from './local.js';
import { LocalWorker } from './local-worker.js';
import { keptOpen, openStore } from './opened-store.js';
import { gatewayConfigOf, NEAR_COMMIT_LOG, NEAR_UPKEEP, SHARED_UPKEEP, workerConfigOf } from './service-settings.js';
import { Upkeep } from './upkeep.js';

/** Whose tenant a process is that asks for none; the same one in every process that uses a folder or a bucket. */
const FIRST_TENANT = 'local' as TenantId;
const TENANT_BYTES = 16;
const ALL_SCOPES: readonly LocalScope[] = ['data:read', 'data:write'];

/**
 * Starts the whole service in this process: the gateway with its routes, a worker with the engine, and the upkeep. No other server is needed, and
 * nothing is left when it is closed.
 *
 * Processes that use one bucket at the same time share its databases: each database belongs to one of them at a time, and the others send their
 * requests there, or wait until it is given up.
 *
 * @returns when it serves
 * @throws FolderInUseError, FolderUnusableError for a folder; ProbeFailedError when a bucket does not do what it has to, naming the step;
 *   StoreUnavailableError; AddressTakenError for a port. Nothing keeps running then.
 */
export async function startLocal(options: LocalOptions = {}): Promise<Local> {
  const closers = new Closers();
  try {
    return await start(options, closers);
  } catch (error) {
    await closers.close().catch(() => undefined);
    throw error;
  }
}

async function start(options: LocalOptions, closers: Closers): Promise<Local> {
  const opened = await openStore(options.store ?? 'memory');
  closers.add(() => opened.close());
  const { shared } = opened;
  const closed = new AbortController();
  closers.add(() => closed.abort());
  const ctx = {
    store: reliableReads(opened.store, systemClock, systemRandom, { closed: closed.signal }),
    clock: systemClock,
    random: systemRandom,
  };
  if (!shared) await endLeftSessions(ctx);
  const secret = shared ? await sharedHopSecret(ctx.store, systemRandom) : drawHopSecret(systemRandom);

  const log = createLogger('local', options.logLevel ?? 'silent');
  const sessions = new SessionWatch(ctx);
  const upkeep = new Upkeep(ctx.store, sessions, shared ? SHARED_UPKEEP : NEAR_UPKEEP, log);
  const { queue } = upkeep;
  const worker = new LocalWorker(
    workerConfigOf(options, secret),
    () => ({
      bucket: keptOpen(opened.store),
      jobs: { enqueueCompaction: (id) => queue.enqueueCompaction(id), close: async () => undefined },
      ...(shared ? {} : { commitLog: NEAR_COMMIT_LOG }),
    }),
    log,
  );
  closers.add(() => worker.close());
  await worker.start();
  // After the worker, so that the gateway knows it from its first look on.
  closers.add(() => sessions.stop());
  await upkeep.start();
  closers.add(() => upkeep.close());

  const source = new LocalDirectory(namesOf(options));
  const directory = new Directory(source, { clock: systemClock });
  await directory.start();
  closers.add(() => directory.stop());
  const gateway = await startGateway(gatewayConfigOf(options, secret), async () => ({
    sessions,
    directory,
    close: async () => undefined,
  }));
  closers.add(() => gateway.close());

  const ended = new AbortController();
  // The first of all steps: a client that is told to come back would wait for a gateway that does not.
  closers.add(() => ended.abort());

  const { url } = gateway;
  const tenant = (id: TenantId): LocalTenant => {
    const key = source.createKey(id, ALL_SCOPES);
    return {
      id,
      key,
      database: (database, more = {}) =>
        connect({ ...more, url, key, database, fetch: fetchUntil(ended.signal, more.fetch) }),
      createToken: (options) => source.createToken(id, key, options),
      createKey: ({ scopes = ALL_SCOPES } = {}) => source.createKey(id, scopes),
    };
  };
  return {
    ...tenant(FIRST_TENANT),
    url,
    createTenant: (id = toHex(systemRandom.bytes(TENANT_BYTES))) => tenant(checkTenantId(id)),
    sweep: () => upkeep.sweep(),
    close: () => closers.close(),
    [Symbol.asyncDispose]: () => closers.close(),
  };
}

/** Undefined: all that one may ask for. @throws ProblemError invalid-database-name */
function namesOf({ databases = 'any' }: LocalOptions): ReadonlySet<string> | undefined {
  return databases === 'any' ? undefined : new Set(databases.map(checkDatabaseName));
}

/** @throws LeaseholdError (invalid) */
function checkTenantId(id: string): TenantId {
  if (isTenantId(id)) return id;
  throw new LeaseholdError(
    'invalid',
    'invalid-tenant-id',
    'a tenant id has 1 to 64 letters, digits, hyphens and underscores',
  );
}
