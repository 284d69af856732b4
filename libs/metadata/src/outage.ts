import { MetadataOutcomeUnknownError, MetadataUnavailableError } from './errors.js';

/**
 * How far a failed call got: `unreached` Postgres did nothing or undid it, `broken` it may have done everything.
 * Undefined: it answered, and the error is about something else.
 */
export type Outage = 'unreached' | 'broken';

/** Of a statement that took as long as one may. */
const TIMED_OUT = '57014';

/** Prisma's codes, and SQLSTATEs. P2028 and P2034: a transaction that was not begun in time, or undone. */
const UNREACHED_CODES = new Set([
  ...['P1000', 'P1001', 'P1002', 'P1003', 'P2024', 'P2028', 'P2034'],
  ...['57P03', '53300', TIMED_OUT, '55P03'],
]);
const BROKEN_CODES = new Set(['P1008', 'P1017', '57P01', '57P02', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT']);
/** The adapter's names, for raw queries, whose code does not tell. */
const UNREACHED_KINDS = new Set([
  'DatabaseNotReachable',
  'TooManyConnections',
  'DatabaseDoesNotExist',
  'SocketTimeout',
]);
const BROKEN_KINDS = new Set(['ConnectionClosed']);
/** Errors of the Postgres client that carry no code. A connection that was `terminated` while it was being made carried nothing. */
const UNREACHED_MESSAGE =
  /timeout exceeded when trying to connect|Connection terminated due to connection timeout|ECONNREFUSED/;
const BROKEN_MESSAGE = /Connection terminated|Query read timeout|Client has encountered a connection error/;

/** Whether Postgres worked on a statement for as long as it may, and gave up: it is there. */
export function isTimedOut(error: unknown): boolean {
  return error instanceof Error && codesOf(error).includes(TIMED_OUT);
}

export function outageOf(error: unknown): Outage | undefined {
  if (!(error instanceof Error)) return undefined;
  const cause = adapterCause(error);
  const codes = codesOf(error);
  const kind = stringAt(cause, 'kind') ?? '';
  if (BROKEN_KINDS.has(kind) || codes.some((code) => BROKEN_CODES.has(code ?? ''))) return 'broken';
  if (UNREACHED_KINDS.has(kind) || codes.some((code) => UNREACHED_CODES.has(code ?? ''))) return 'unreached';
  if (UNREACHED_MESSAGE.test(error.message)) return 'unreached';
  if (BROKEN_MESSAGE.test(error.message)) return 'broken';
  return undefined;
}

/**
 * What to throw instead of `error`: one of our outage errors when Postgres could not be asked or did not confirm, else
 * the error itself.
 *
 * @param mutates whether the call would have changed anything; a read that broke is simply unavailable
 */
export function translateOutage(error: unknown, mutates: boolean): unknown {
  const outage = outageOf(error);
  if (outage === undefined) return error;
  return outage === 'broken' && mutates ? new MetadataOutcomeUnknownError(error) : new MetadataUnavailableError(error);
}

function codesOf(error: Error): readonly (string | undefined)[] {
  const cause = adapterCause(error);
  return [stringAt(error, 'code'), stringAt(cause, 'originalCode'), stringAt(cause, 'code')];
}

function adapterCause(error: Error): unknown {
  return valueAt(valueAt(valueAt(error, 'meta'), 'driverAdapterError'), 'cause');
}

function valueAt(value: unknown, member: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[member] : undefined;
}

function stringAt(value: unknown, member: string): string | undefined {
  const found = valueAt(value, member);
  return typeof found === 'string' ? found : undefined;
}
