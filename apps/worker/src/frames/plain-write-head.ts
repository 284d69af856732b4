import { HOP_HEADERS, IDEMPOTENCY_HEADER, TTL_HEADER } from '@leasehold/protocol';

/** What of a frame's head makes a write of one key without conditions. */
export interface PlainWriteHead {
  readonly method: 'PUT' | 'DELETE';
  readonly databaseId: string;
  readonly tenantId: string;
  readonly key64: string;
  /** As it was sent. */
  readonly options: string | undefined;
  /** Of a PUT, as it was sent. */
  readonly ttl: string | undefined;
  /** As it was sent. */
  readonly waitMs: string | undefined;
  /** As it was sent. */
  readonly idempotencyKey: string | undefined;
}

const PUT = 'PUT\n/internal/v1/databases/';
const DELETE = 'DELETE\n/internal/v1/databases/';
const RESOURCE = '/keys64/';
/** Nothing is done otherwise because of them, where nothing has to be opened. */
const PASSED_OVER: ReadonlySet<string> = new Set(['traceparent', 'tracestate', HOP_HEADERS.requestId]);

/** Undefined where the head is of anything else than a write with no more than it takes, or not as a gateway writes it. */
export function plainWriteHeadOf(head: string): PlainWriteHead | undefined {
  const isPut = head.startsWith(PUT);
  if (!isPut && !head.startsWith(DELETE)) return undefined;
  const idAt = isPut ? PUT.length : DELETE.length;
  const idEnd = head.indexOf(RESOURCE, idAt);
  let at = head.indexOf('\n', idAt);
  if (idEnd < 0 || at < idEnd) return undefined;
  const key64 = head.slice(idEnd + RESOURCE.length, at);
  if (key64.includes('?')) return undefined;
  let tenantId: string | undefined;
  let isNamed = false;
  let ttl: string | undefined;
  let options: string | undefined;
  let waitMs: string | undefined;
  let idempotencyKey: string | undefined;
  // Each turn takes a name and a value.
  while (at < head.length) {
    const middle = head.indexOf('\n', at + 1);
    if (middle < 0) return undefined;
    const name = head.slice(at + 1, middle);
    const next = head.indexOf('\n', middle + 1);
    const end = next < 0 ? head.length : next;
    if (name === HOP_HEADERS.tenant) tenantId = head.slice(middle + 1, end);
    // One that is encoded has to be decoded to be known as a name.
    else if (name === HOP_HEADERS.database) isNamed = !head.slice(middle + 1, end).includes('%');
    else if (name === HOP_HEADERS.waitMs) waitMs = head.slice(middle + 1, end);
    else if (name === HOP_HEADERS.options) options = head.slice(middle + 1, end);
    else if (name === IDEMPOTENCY_HEADER) idempotencyKey = head.slice(middle + 1, end);
    else if (name === TTL_HEADER && isPut) ttl = head.slice(middle + 1, end);
    else if (!PASSED_OVER.has(name)) return undefined;
    at = end;
  }
  if (tenantId === undefined || !isNamed) return undefined;
  return {
    method: isPut ? 'PUT' : 'DELETE',
    databaseId: head.slice(idAt, idEnd),
    tenantId,
    key64,
    options,
    ttl,
    waitMs,
    idempotencyKey,
  };
}
