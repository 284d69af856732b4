import { randomBytes } from 'node:crypto';

import type { HeaderValues } from './precondition.js';

/** Version (`ff` is forbidden), trace id, parent id, flags. Ids of zeros alone are none. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
/** What W3C asks everybody to pass on at least; more is dropped. */
const MAX_TRACESTATE_CHARS = 512;

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
  return `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`;
}
