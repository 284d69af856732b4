import { randomBytes } from 'node:crypto';

import type { HeaderValues } from './precondition.js';

/** Version (`ff` is forbidden), trace id, parent id, flags. Ids of zeros alone are none. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
/** What W3C asks everybody to pass on at least; more is dropped. */
const MAX_TRACESTATE_CHARS = 512;

const TRACE_ID_BYTES = 16;
/** Of a trace and of what begins it. */
const ID_BYTES = TRACE_ID_BYTES + 8;
/** Drawn at once: a call for each request costs more than all of these bytes. */
const POOL_BYTES = 100 * ID_BYTES;
let pool = '';
let drawnBytes = POOL_BYTES;

/** Which trace a request belongs to, in the headers of W3C Trace Context. */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate?: string;
}

/** The caller's trace when its headers are valid, else the beginning of a new one. */
export function traceContextFrom({ traceparent: sent, tracestate }: HeaderValues): TraceContext {
  const traceparent = traceparentFrom(sent);
  // The state of a trace that could not be read says nothing about the new one.
  if (traceparent === undefined) return { traceparent: beginTrace() };
  const passes = typeof tracestate === 'string' && tracestate.length <= MAX_TRACESTATE_CHARS;
  return passes ? { traceparent, tracestate } : { traceparent };
}

/** A valid `traceparent`, or undefined. */
export function traceparentFrom(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' && TRACEPARENT.test(header) ? header : undefined;
}

/** What all parts of a trace have in common, for logs: 32 hex digits of a valid `traceparent`. */
export function traceIdOf(traceparent: string | undefined): string | undefined {
  return traceparent?.slice(3, 35);
}

/** Flag 01: sampled, because every request may be logged. */
function beginTrace(): string {
  if (drawnBytes + ID_BYTES > POOL_BYTES) {
    pool = randomBytes(POOL_BYTES).toString('hex');
    drawnBytes = 0;
  }
  const traceAt = 2 * drawnBytes;
  const parentAt = traceAt + 2 * TRACE_ID_BYTES;
  drawnBytes += ID_BYTES;
  return `00-${pool.slice(traceAt, parentAt)}-${pool.slice(parentAt, 2 * drawnBytes)}-01`;
}
