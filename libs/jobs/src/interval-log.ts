import type { Clock } from '@leasehold/foundation';

/** The part of a logger that the jobs use; pino has this shape. */
export interface JobLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Logs a repeating condition at once and then at most every `intervalMs`, with the number of times it was left out. */
export class IntervalLog {
  private lastAt: number | undefined;
  private suppressed = 0;

  constructor(
    private readonly log: JobLog,
    private readonly clock: Clock,
    private readonly intervalMs: number,
  ) {}

  warn(fields: object, message: string): void {
    const now = this.clock.monotonic();
    if (this.lastAt !== undefined && now - this.lastAt < this.intervalMs) {
      this.suppressed++;
      return;
    }
    this.log.warn({ ...fields, suppressed: this.suppressed }, message);
    this.lastAt = now;
    this.suppressed = 0;
  }
}

/** The message alone: a driver's error may carry a connection string or a statement's parameters in other fields. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  return error.message;
}
