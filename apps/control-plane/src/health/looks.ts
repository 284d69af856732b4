import { bucketLayout } from '@leasehold/bucket-layout';
import type { Clock } from '@leasehold/foundation';
import type { JobBoard } from '@leasehold/jobs';
import type { Metadata } from '@leasehold/metadata';

import type { OperatorsBucket } from '../admin/operators-bucket.js';
import { latestWorkers, type WorkerView } from '../admin/worker-list.js';
import type { HealthTarget } from './health-targets.js';
import type { PartLook } from './part-health.js';
import { probe } from './probe.js';
import { askReady } from './ready-process.js';

/** Each is a GET of its record; those that live are asked themselves. The latest renewed: all that live come before those that have ended. */
const MAX_SESSIONS = 500;
/** Who lives renews its record within this, but where it was given an unusual ttl. */
const LIVELY_MS = 60_000;
const MAX_GATEWAYS = 100;
/** Gateways tell each other every second. */
const GATEWAY_LATE_MS = 10_000;
/** Compactors look for usage records every 20 seconds, unless told otherwise. */
const ROLL_UP_LATE_MS = 10 * 60_000;

export interface LookParts {
  readonly metadata: Pick<Metadata, 'answers' | 'gatewaySigns' | 'usageReport'>;
  readonly board: Pick<JobBoard, 'counts'>;
  /** Undefined: this control plane is told of none. */
  readonly bucket: Pick<OperatorsBucket, 'store'> | undefined;
  readonly targets: readonly HealthTarget[];
  /** Where the queues are, and where gateways meet. */
  readonly queueServer: 'redis' | 'postgres';
  readonly clock: Clock;
}

/** All that there is to look at. Each look asks for a few seconds at most. */
export function looksOf(parts: LookParts): readonly (() => Promise<readonly PartLook[]>)[] {
  return [
    () => lookAtPostgres(parts),
    () => lookAtQueues(parts),
    () => lookAtBucket(parts),
    () => lookAtCompactors(parts),
    () => lookAtTargets(parts),
    () => lookAtGateways(parts),
    () => lookAtWorkers(parts),
  ];
}

async function lookAtPostgres({ metadata, clock }: LookParts): Promise<readonly PartLook[]> {
  const found = await probe(clock, async () => {
    if (!(await metadata.answers())) throw new Error('no answer');
    return { state: 'ok', detail: null };
  });
  return [{ kind: 'postgres', name: 'metadata', ...found }];
}

async function lookAtQueues({ board, queueServer, clock }: LookParts): Promise<readonly PartLook[]> {
  const found = await probe(clock, async () => {
    const counts = await board.counts();
    const sum = (of: 'waiting' | 'failed') => counts.reduce((total, count) => total + count[of], 0);
    return { state: 'ok', detail: `${sum('waiting')} jobs wait, ${sum('failed')} have failed` };
  });
  return [{ kind: 'queues', name: queueServer, ...found }];
}

async function lookAtBucket({ bucket, clock }: LookParts): Promise<readonly PartLook[]> {
  const part = { kind: 'bucket', name: 'data' } as const;
  if (bucket === undefined) return [{ ...part, state: 'not-configured', latencyMs: null, detail: 'S3_BUCKET' }];
  const found = await probe(clock, async () => {
    await bucket.store.list(bucketLayout.sessions, { limit: 1 });
    return { state: 'ok', detail: null };
  });
  return [{ ...part, ...found }];
}

/** By what they have done: where usage is rolled up, one of them works. */
async function lookAtCompactors({ metadata, clock }: LookParts): Promise<readonly PartLook[]> {
  let completeTo: Date | undefined;
  const found = await probe(clock, async () => {
    completeTo = await metadata.usageReport.completeTo();
    return { state: 'ok', detail: null };
  });
  const part = { kind: 'compactor', name: 'roll-up', latencyMs: null } as const;
  if (found.state !== 'ok') return [{ ...part, state: found.state, detail: null }];
  if (completeTo === undefined) return [{ ...part, state: 'late', detail: 'usage was never rolled up' }];
  const isLate = clock.now() - completeTo.getTime() > ROLL_UP_LATE_MS;
  if (!isLate) return [{ ...part, state: 'ok', detail: null }];
  return [{ ...part, state: 'late', detail: 'usage is not rolled up', since: completeTo }];
}

async function lookAtTargets({ targets, clock }: LookParts): Promise<readonly PartLook[]> {
  return Promise.all(
    targets.map(async ({ kind, url }) => ({
      kind,
      name: url,
      ...(await probe(clock, (signal) => askReady(url, signal))),
    })),
  );
}

/** By their signs, where these are in Postgres. */
async function lookAtGateways({ metadata, queueServer, clock }: LookParts): Promise<readonly PartLook[]> {
  if (queueServer === 'redis') return [];
  let signs: Awaited<ReturnType<typeof metadata.gatewaySigns.list>> = [];
  await probe(clock, async () => {
    signs = await metadata.gatewaySigns.list(MAX_GATEWAYS);
    return { state: 'ok', detail: null };
  });
  return signs.map(({ gatewayId, seenAt }): PartLook => {
    const part = { kind: 'gateway', name: gatewayId, latencyMs: null } as const;
    const isLate = clock.now() - seenAt.getTime() > GATEWAY_LATE_MS;
    return isLate
      ? { ...part, state: 'late', detail: 'it has told the others nothing since', since: seenAt }
      : { ...part, state: 'ok', detail: null };
  });
}

/** Those whose sessions have not ended; by their records in the bucket, and by what they say themselves. */
async function lookAtWorkers({ bucket, clock }: LookParts): Promise<readonly PartLook[]> {
  if (bucket === undefined) return [];
  let found: Awaited<ReturnType<typeof latestWorkers>> | undefined;
  await probe(clock, async (signal) => {
    found = await latestWorkers(bucket.store, clock.now(), MAX_SESSIONS, signal);
    return { state: 'ok', detail: null };
  });
  if (found === undefined) return [];
  const { workers, unread, isAll } = found;
  const present = workers.filter(({ state }) => state === 'live' || state === 'silent');
  const looks = await Promise.all(present.map((worker) => lookAtWorker(worker, clock)));
  const lively = unread.filter((renewedAt) => clock.now() - renewedAt < LIVELY_MS).length;
  if (lively === 0 && isAll) return looks;
  const which = isAll ? `${lively} more sessions` : `${lively} more sessions, and some that are not listed,`;
  const others = { kind: 'worker', name: 'others', latencyMs: null } as const;
  return [
    ...looks,
    { ...others, state: 'ok', detail: `${which} were renewed or ended within a minute, and are not looked at` },
  ];
}

async function lookAtWorker(
  { session, state, endpoint, host, renewedAt }: WorkerView,
  clock: Clock,
): Promise<PartLook> {
  const part = { kind: 'worker', name: session } as const;
  const found = await probe(clock, async (signal) => {
    if (endpoint === undefined) throw new Error('its record does not say where it is');
    return askReady(endpoint, signal);
  });
  const where = host ?? endpoint ?? null;
  if (state === 'live') return { ...part, ...found, detail: found.detail ?? where };
  // Whatever it says: its session has not been renewed, and others take over what it has.
  const { latencyMs } = found;
  return { ...part, state: 'late', latencyMs, detail: 'its session is not renewed', since: new Date(renewedAt) };
}
