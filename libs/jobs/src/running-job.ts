import { hasCancelMark, withoutCancelMark } from './cancel-mark.js';
import { CANCELLABLE, type JobKind } from './job-kinds.js';
import { DEFAULT_JOB_WORKERS_SETTINGS } from './job-workers.js';
import { toldProgressOf, type JobProgress } from './told-progress.js';

/** A job that nobody has told anything of for as long as its lock lasts has lost its process; another takes it within two checks. */
export const LOST_AFTER_MS = DEFAULT_JOB_WORKERS_SETTINGS.lockDurationMs;

/**
 * - `running`: may be cancelled, where its kind may
 * - `cancelling`: was asked to end, and does within some seconds
 * - `committing`: doing the one thing that counts; cannot be cancelled
 * - `lost`: its process was not heard of for {@link LOST_AFTER_MS}; it runs again elsewhere once its lock is known to have run out
 */
export const RUNNING_STATES = ['running', 'cancelling', 'committing', 'lost'] as const;
export type RunningState = (typeof RUNNING_STATES)[number];

/** A job that a process has in hand. */
export interface RunningJob {
  readonly id: string;
  readonly kind: JobKind;
  readonly payload: unknown;
  readonly state: RunningState;
  readonly cancellable: boolean;
  /** Ms since the Unix epoch, of this run. */
  readonly startedAt: number;
  /** When its process last told of it. */
  readonly toldAt: number;
  /** Undefined where its kind counts nothing, and in the first second. */
  readonly progress: JobProgress | undefined;
  /** Until it is done, if it goes on as it has so far; undefined where nothing tells. */
  readonly restMs: number | undefined;
}

/** Of a job as its queue has it; BullMQ's has these. */
export interface ActiveJob {
  readonly id?: string | undefined;
  readonly data: unknown;
  readonly progress: unknown;
  readonly processedOn?: number | undefined;
}

/** Pure. @param now wall ms */
export function runningJobOf(
  kind: JobKind,
  { id = '', data, progress: stored, processedOn }: ActiveJob,
  now: number,
): RunningJob {
  const startedAt = processedOn ?? now;
  const told = toldProgressOf(stored, startedAt);
  const toldAt = Math.max(startedAt, told?.toldAt ?? 0);
  const state = stateOf(now - toldAt > LOST_AFTER_MS, told?.committing ?? false, hasCancelMark(data));
  return {
    id,
    kind,
    payload: withoutCancelMark(data),
    state,
    cancellable: CANCELLABLE.has(kind) && state === 'running',
    startedAt,
    toldAt,
    progress: told?.progress,
    restMs: state === 'lost' ? undefined : restOf(told?.progress, toldAt - startedAt),
  };
}

function stateOf(isLost: boolean, isCommitting: boolean, isMarked: boolean): RunningState {
  if (isLost) return 'lost';
  if (isCommitting) return 'committing';
  return isMarked ? 'cancelling' : 'running';
}

/** Both times are of the process that runs it: clocks of machines differ. */
function restOf(progress: JobProgress | undefined, elapsedMs: number): number | undefined {
  if (progress === undefined || progress.bytes === 0 || elapsedMs <= 0) return undefined;
  const { bytes, ofBytes } = progress;
  return Math.round((elapsedMs / bytes) * Math.max(0, ofBytes - bytes));
}
