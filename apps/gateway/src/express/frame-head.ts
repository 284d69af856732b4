import { formatHopOptions, HOP_HEADERS, percentEncode } from '@leasehold/protocol';
import type { TraceContext } from '@leasehold/protocol';
import type { DatabaseEntry } from '@leasehold/directory';

import type { PlainHead } from './plain-head.js';

const INTERNAL = '/internal/v1/databases/';
/** Of which a percent-encoded text is the same. */
const UNRESERVED = /^[a-z0-9_-]*$/;

/** The head of a plain request as it goes to a worker: what `formatRequestHead` makes of it, in one piece. */
export function frameHeadOf(
  { method, key64, meaning }: PlainHead,
  { id, tenantId, name, options }: DatabaseEntry,
  { traceparent, tracestate }: TraceContext,
  requestId: string,
  workerMs: number,
): string {
  let text = `${method}\n${INTERNAL}${id}/keys64/${key64}`;
  for (const header in meaning) text += `\n${header}\n${String(meaning[header])}`;
  text += `\ntraceparent\n${traceparent}`;
  if (tracestate !== undefined) text += `\ntracestate\n${tracestate}`;
  if (options !== undefined) text += `\n${HOP_HEADERS.options}\n${formatHopOptions(options)}`;
  const encoded = UNRESERVED.test(name) ? name : percentEncode(Buffer.from(name));
  return `${text}\n${HOP_HEADERS.requestId}\n${requestId}\n${HOP_HEADERS.tenant}\n${tenantId}\n${HOP_HEADERS.database}\n${encoded}\n${HOP_HEADERS.waitMs}\n${workerMs}`;
}
