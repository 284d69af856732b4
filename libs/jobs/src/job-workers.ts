import { setMaxListeners } from 'node:events';

import { assert, isLeaseholdError, LeaseholdError, type Clock } from '@leasehold/foundation';
import { DelayedError, Job, UnrecoverableError } from 'bullmq';

import { hasCancelMark, withoutCancelMark } from './cancel-mark.js';
import { withDeadline } from './deadline.js';
import { IntervalLog, messageOf, type JobLog } from './interval-log.js';
import { CANCELLABLE, JOB_KINDS, jobKinds, parsePayload, type JobKind, type JobPayload } from './job-kinds.js';
import { WatchedRun, type JobPlace, type JobRun } from './job-run.js';
import { openConsumer, type QueueConsumer, type QueueStore } from './queue-store.js';

/**
 * Does one job. It may run twice, late, and beside itself in another process: it commits through CAS or not at all.
 * The signal aborts when the job's lock is lost or the process is about to end; the job is then run again elsewhere. It also aborts when
 * somebody cancels a job of a kind that may be ({@link CANCELLABLE}): such a job is no failure, and runs again {@link CANCELLED_PAUSE_MS} later.
 * An error of kind `invalid` or `corrupt` sets the job aside at once, every other is tried again with backoff.
 */
export type JobHandler<K extends JobKind> = (payload: JobPayload<K>, signal: AbortSignal, run: JobRun) => Promise<void>;
export type JobHandlers = { readonly [K in JobKind]: JobHandler<K> };

/**
 * - `done`
 * - `retrying`: failed, will be tried again
 * - `failed`: set aside, for people to look at
 * - `cancelled`: put off, because somebody asked for it
 */
export interface JobOutcome {
  readonly kind: JobKind;
  readonly outcome: 'done' | 'retrying' | 'failed' | 'cancelled';
  readonly durationMs: number;
}

export interface JobWorkersContext {
  readonly store: QueueStore;
  readonly clock: Clock;
  readonly log: JobLog;
  readonly observe?: (outcome: JobOutcome) => void;
}

export interface JobWorkersSettings {
  /** Jobs of each kind that run at once in this process. Kinds have queues of their own: none waits for another. */
  readonly concurrency: Readonly<Record<JobKind, number>>;
  /** A job whose process does not renew its lock for this long is given to another. */
  readonly lockDurationMs: number;
  /** How often abandoned jobs are looked for; one is found at the second look after its lock ran out. */
  readonly stalledIntervalMs: number;
  /** A job that takes its process down this many times and once more is set aside. */
  readonly maxStalled: number;
  /** Wait after the queue could not be asked. */
  readonly queueRetryMs: number;
  /** Until the start fails because the queue is not there. */
  readonly startTimeoutMs: number;
  readonly logIntervalMs: number;
}

export const DEFAULT_JOB_WORKERS_SETTINGS: JobWorkersSettings = {
  // A roll-up that looks at every session takes long, and is not in the way of the others.
  concurrency: {
    compact: 2,
    gc: 2,
    recover: 4,
    purge: 1,
    erase: 2,
    sweep: 1,
    rollUp: 2,
    traffic: 1,
    reconcile: 1,
    invoice: 1,
  },
  lockDurationMs: 60_000,
  stalledIntervalMs: 30_000,
  maxStalled: 3,
  queueRetryMs: 5_000,
  startTimeoutMs: 30_000,
  logIntervalMs: 60_000,
};

/**
 * So long a cancelled job waits until it runs again, whoever asks for its like meanwhile: others go first. Not longer, because writes to a
 * database that is not compacted are slowed, and in the end refused.
 */
export const CANCELLED_PAUSE_MS = 60_000;

/** Between two attempts to connect at the start. */
const CONNECT_RETRY_MS = 1_000;
/** Above it Node warns of a leak of listeners. */
const SIGNAL_LISTENERS_LIMIT = 1_000;
/** After the grace, how long aborted handlers have to end. */
const ABORT_GRACE_MS = 1_000;

/** The queue's server could not be reached. */
export class QueueUnavailableError extends LeaseholdError {
  override readonly name = 'QueueUnavailableError';

  constructor(cause: unknown) {
    super('unavailable', 'queue-unavailable', `job queue unavailable: ${messageOf(cause)}`, { cause });
  }
}

export interface JobWorkers {
  /** True until `close`. */
  running(): boolean;
  /** Takes no further job, lets the running ones end for `graceMs`, then aborts them. Idempotent. Never throws. */
  close(graceMs: number): Promise<void>;
}

/**
 * Takes jobs of every kind until closed. Resolves when the queues are connected and the first job may start.
 *
 * @throws AssertionError when a kind has no handler: a job nobody handles would wait unseen for ever.
 * @throws QueueUnavailableError (unavailable) when the queue cannot be reached within `startTimeoutMs`.
 */
export async function runJobWorkers(
  handlers: JobHandlers,
  context: JobWorkersContext,
  settings: Partial<JobWorkersSettings> = {},
): Promise<JobWorkers> {
  const missing = jobKinds().filter((kind) => typeof handlers[kind] !== 'function');
  assert(missing.length === 0, `no handler for jobs of kind ${missing.join(', ')}`);
  const all = { ...DEFAULT_JOB_WORKERS_SETTINGS, ...settings };
  const consumers = await connectAll(handlers, context, all);
  for (const { worker } of consumers) {
    worker.run().catch((error: unknown) => context.log.error({ reason: messageOf(error) }, 'job worker stopped'));
  }
  let closing: Promise<void> | undefined;
  return {
    running: () => closing === undefined,
    close: (graceMs) => (closing ??= closeAll(consumers, context.clock, graceMs)),
  };
}

async function connectAll(
  handlers: JobHandlers,
  context: JobWorkersContext,
  settings: JobWorkersSettings,
): Promise<readonly QueueConsumer[]> {
  const startedAt = context.clock.monotonic();
  let failure: unknown;
  for (;;) {
    const leftMs = startedAt + settings.startTimeoutMs - context.clock.monotonic();
    if (leftMs <= 0) throw new QueueUnavailableError(failure);
    const consumers = jobKinds().map((kind) => consume(kind, handlers, context, settings));
    try {
      await withDeadline(context.clock, leftMs, Promise.all(consumers.map(({ worker }) => worker.waitUntilReady())));
      return consumers;
    } catch (error) {
      // Not awaited: a connection that hangs also hangs in closing.
      void abandonAll(consumers, context.clock);
      failure = error;
      if (leftMs <= CONNECT_RETRY_MS) throw new QueueUnavailableError(error);
      await context.clock.sleep(CONNECT_RETRY_MS);
    }
  }
}

function consume<K extends JobKind>(
  kind: K,
  handlers: JobHandlers,
  context: JobWorkersContext,
  settings: JobWorkersSettings,
): QueueConsumer {
  const trouble = new IntervalLog(context.log, context.clock, settings.logIntervalMs);
  const consumer: QueueConsumer = openConsumer(
    context.store,
    JOB_KINDS[kind].queue,
    // Three parameters: BullMQ passes a signal only to a processor that declares it.
    (job, token, signal) =>
      process(kind, { job, token, place: placeOf(kind, job, consumer) }, signal, handlers, context),
    {
      autorun: false,
      concurrency: settings.concurrency[kind],
      lockDuration: settings.lockDurationMs,
      stalledInterval: settings.stalledIntervalMs,
      maxStalledCount: settings.maxStalled,
      runRetryDelay: settings.queueRetryMs,
    },
    (error) => trouble.warn({ kind, reason: messageOf(error) }, 'job queue unavailable'),
  );
  consumer.worker.on('stalled', (id) =>
    context.log.warn({ kind, job: id }, 'job abandoned by its process, runs again'),
  );
  return consumer;
}

interface TakenJob {
  readonly job: Job;
  readonly token: string | undefined;
  readonly place: JobPlace;
}

async function process<K extends JobKind>(
  kind: K,
  taken: TakenJob,
  signal: AbortSignal | undefined,
  handlers: JobHandlers,
  { clock, log, observe }: JobWorkersContext,
): Promise<void> {
  const { job } = taken;
  const startedAt = clock.monotonic();
  const report = (outcome: JobOutcome['outcome']): void =>
    observe?.({ kind, outcome, durationMs: clock.monotonic() - startedAt });
  const run = new WatchedRun(taken.place, clock, job.processedOn ?? clock.now());
  try {
    const until = AbortSignal.any([run.cancelled, ...(signal === undefined ? [] : [signal])]);
    // A job makes many requests at once, and each of them listens; the default of 10 is a guess at leaks.
    setMaxListeners(SIGNAL_LISTENERS_LIMIT, until);
    void run.watch();
    await handlers[kind](parsePayload(kind, withoutCancelMark(job.data)), until, run);
    report('done');
  } catch (error) {
    if (run.cancelled.aborted && signal?.aborted !== true) {
      await putOff(taken, clock.now() + CANCELLED_PAUSE_MS);
      report('cancelled');
      log.info({ kind, job: job.id, againInMs: CANCELLED_PAUSE_MS }, 'job was cancelled and is put off');
      throw new DelayedError();
    }
    const hopeless = isLeaseholdError(error, 'invalid') || isLeaseholdError(error, 'corrupt');
    const last = hopeless || job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
    report(last ? 'failed' : 'retrying');
    const fields = { kind, job: job.id, attempt: job.attemptsMade + 1, reason: messageOf(error) };
    if (last) log.error(fields, 'job failed and is set aside');
    else log.warn(fields, 'job failed and is tried again');
    throw hopeless ? new UnrecoverableError(messageOf(error)) : error;
  } finally {
    run.end();
  }
}

/** No attempt of the job is used up; equal ones that are asked for meanwhile are this one. */
async function putOff({ job, token }: TakenJob, dueAt: number): Promise<void> {
  await job.updateData(withoutCancelMark(job.data));
  await job.moveToDelayed(dueAt, token);
}

function placeOf(kind: JobKind, job: Job, { worker }: QueueConsumer): JobPlace {
  const isToEnd = async (): Promise<boolean> => hasCancelMark((await Job.fromId(worker, job.id ?? ''))?.data);
  return { tell: (told) => job.updateProgress(told), ...(CANCELLABLE.has(kind) ? { isToEnd } : {}) };
}

async function closeAll(consumers: readonly QueueConsumer[], clock: Clock, graceMs: number): Promise<void> {
  const closed = Promise.all(consumers.map((consumer) => consumer.close().catch(() => undefined)));
  try {
    await withDeadline(clock, graceMs, closed);
  } catch {
    for (const { worker } of consumers) worker.cancelAllJobs('the process is ending');
    // What does not end now is left to its lock: it runs out, and another process takes the job.
    await withDeadline(clock, ABORT_GRACE_MS, closed).catch(() => abandonAll(consumers, clock));
  }
}

async function abandonAll(consumers: readonly QueueConsumer[], clock: Clock): Promise<void> {
  const abandoned = Promise.all(consumers.map((consumer) => consumer.abandon().catch(() => undefined)));
  await withDeadline(clock, ABORT_GRACE_MS, abandoned).catch(() => undefined);
}
