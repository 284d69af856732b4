import { HOP_HEADERS } from '@leasehold/protocol';

/** What of a frame's head makes a read of one key. */
export interface PlainReadHead {
  readonly databaseId: string;
  readonly tenantId: string;
  readonly key64: string;
  readonly ifNoneMatch: string | undefined;
}

const READ = 'GET\n/internal/v1/databases/';
const RESOURCE = '/keys64/';
/** Nothing is done otherwise because of them, where nothing is waited for and nothing goes wrong. */
const PASSED_OVER: ReadonlySet<string> = new Set([
  'traceparent',
  'tracestate',
  HOP_HEADERS.requestId,
  HOP_HEADERS.options,
  HOP_HEADERS.waitMs,
]);

/** Undefined where the head is of anything else than a read of the present with no more than it takes, or not as a gateway writes it. */
export function plainReadHeadOf(head: string): PlainReadHead | undefined {
  if (!head.startsWith(READ)) return undefined;
  const idEnd = head.indexOf(RESOURCE, READ.length);
  let at = head.indexOf('\n', READ.length);
  if (idEnd < 0 || at < idEnd) return undefined;
  const key64 = head.slice(idEnd + RESOURCE.length, at);
  if (key64.includes('?')) return undefined;
  let tenantId: string | undefined;
  let isNamed = false;
  let ifNoneMatch: string | undefined;
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
    else if (name === 'if-none-match') ifNoneMatch = head.slice(middle + 1, end);
    else if (!PASSED_OVER.has(name)) return undefined;
    at = end;
  }
  if (tenantId === undefined || !isNamed) return undefined;
  return { databaseId: head.slice(READ.length, idEnd), tenantId, key64, ifNoneMatch };
}
