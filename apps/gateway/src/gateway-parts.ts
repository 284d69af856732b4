import {
  Directory,
  KeyUses,
  PostgresBudgetLedger,
  PostgresDemandBoard,
  PostgresDirectorySource,
  PostgresKeyUses,
} from '@leasehold/directory';
import type { BudgetLedger, DemandBoard, DirectoryContext, DirectorySource } from '@leasehold/directory';
import { systemClock, systemRandom } from '@leasehold/foundation';
import { SessionWatch } from '@leasehold/lease';
import { probeStore, reliableReads } from '@leasehold/object-store';
import { createS3Store } from '@leasehold/object-store-s3';
import { OutboundClient } from '@leasehold/outbound';
import { RedisDemandBoard } from '@leasehold/redis';
import { RevocationWatch } from '@leasehold/revocations';
import { outboundPolicyOf, s3SettingsOf } from '@leasehold/service-kit';
import type { Logger } from '@leasehold/service-kit';
import { TrafficMeter, UsageMeter } from '@leasehold/metering';
import { TrafficRecorder, UsageRecorder } from '@leasehold/usage-recorder';

import { keySetFetcher } from './fetch-key-set.js';
import type { Sessions } from './forwarding/worker-fleet.js';
import type { GatewayConfig } from './config.js';

/** What a gateway stands on; tests bring their own. */
export interface GatewayParts {
  readonly sessions: Sessions;
  readonly directory: Directory;
  /** Undefined: this gateway is the only one. */
  readonly board?: DemandBoard;
  /** Where budgets are kept; undefined: they are not enforced. */
  readonly ledger?: BudgetLedger;
  /** Told what is read; undefined: nobody meters. */
  readonly usage?: UsageMeter;
  /** Told how long requests take; undefined: nobody counts. */
  readonly traffic?: TrafficMeter;
  close(): Promise<void>;
}

/**
 * The real parts: sessions and revocations from the bucket, keys and databases from Postgres.
 * @throws ProbeFailedError when the bucket is not fit, StoreUnavailableError
 */
export async function openParts(config: GatewayConfig, logger: Logger): Promise<GatewayParts> {
  const bucket = createS3Store(s3SettingsOf(config));
  const context = { clock: systemClock, random: systemRandom };
  const store = reliableReads(bucket, context.clock, context.random);
  const sessions = new SessionWatch({ store, ...context });
  try {
    await probeStore(store, context);
    await sessions.start();
  } catch (error) {
    sessions.stop();
    bucket.close();
    throw error;
  }
  const source = new PostgresDirectorySource(config.DATABASE_URL);
  const onLost = (error: unknown) => logger.warn({ err: error }, 'when keys were used last is not told this time');
  const useStore = new PostgresKeyUses(config.DATABASE_URL);
  const uses = new KeyUses(useStore, { clock: systemClock, onLost }, { intervalMs: config.KEY_USE_INTERVAL_MS });
  const revocations = new RevocationWatch({
    store,
    ...context,
    onOutage: (error) => logger.warn({ err: error }, 'revocations cannot be read, those that are known hold'),
    onRecovery: () => logger.info('revocations can be read again'),
  });
  const fetchKeySet = keySetFetcher(new OutboundClient(outboundPolicyOf(config)));
  const directory = directoryOver(source, logger, { uses, revocations, fetchKeySet });
  const board = openBoard(config);
  const ledger = new PostgresBudgetLedger(config.DATABASE_URL);
  const usage = new UsageMeter();
  const recorder = new UsageRecorder(
    {
      store,
      ...context,
      meter: usage,
      onFailed: (error) => logger.warn({ err: error }, 'usage could not be recorded, it will be tried again'),
    },
    { intervalMs: config.USAGE_INTERVAL_MS },
  );
  recorder.start();
  const traffic = new TrafficMeter();
  const trafficRecorder = new TrafficRecorder({
    store,
    ...context,
    meter: traffic,
    onFailed: (error) => logger.warn({ err: error }, 'traffic could not be recorded, it will be tried again'),
  });
  trafficRecorder.start();
  await revocations.start();
  await directory.start();
  uses.start();
  return {
    sessions,
    directory,
    board,
    ledger,
    usage,
    traffic,
    close: async () => {
      await recorder
        .record()
        .catch((error: unknown) => logger.error({ err: error }, 'the last usage could not be recorded'));
      await recorder.stop();
      await trafficRecorder
        .record()
        .catch((error: unknown) => logger.warn({ err: error }, 'the last traffic could not be recorded'));
      await trafficRecorder.stop();
      sessions.stop();
      await directory.stop();
      await revocations.stop();
      await uses.stop();
      await useStore.close();
      await source.close();
      await board.close();
      await ledger.close();
      bucket.close();
    },
  };
}

function openBoard({ REDIS_URL, DATABASE_URL }: GatewayConfig): DemandBoard & { close(): Promise<void> } {
  return REDIS_URL === undefined ? new PostgresDemandBoard(DATABASE_URL) : new RedisDemandBoard(REDIS_URL);
}

export function directoryOver(
  source: DirectorySource,
  logger: Logger,
  { uses, revocations, fetchKeySet }: Pick<DirectoryContext, 'uses' | 'revocations' | 'fetchKeySet'> = {},
): Directory {
  return new Directory(source, {
    clock: systemClock,
    ...(uses && { uses }),
    ...(revocations && { revocations }),
    ...(fetchKeySet && { fetchKeySet }),
    onOutage: (error) => logger.warn({ err: error }, 'directory does not answer, known keys and databases are served'),
    onRecovery: () => logger.info('directory answers again'),
  });
}
