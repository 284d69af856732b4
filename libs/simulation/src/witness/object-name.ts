import { bucketLayout } from '@leasehold/bucket-layout';
import type { DatabaseId, SessionId, Ulid } from '@leasehold/foundation';
import { isDatabaseId } from '@leasehold/foundation';

/** What an object of the bucket is, by its name. */
export type ObjectName =
  | { readonly kind: 'session'; readonly sessionId: SessionId }
  | { readonly kind: 'segment'; readonly sessionId: SessionId; readonly number: number }
  | { readonly kind: 'rollup'; readonly sessionId: SessionId; readonly from: number; readonly to: number }
  | { readonly kind: 'head'; readonly databaseId: DatabaseId }
  | { readonly kind: 'file'; readonly databaseId: DatabaseId; readonly id: Ulid }
  | { readonly kind: 'pin'; readonly databaseId: DatabaseId; readonly id: string };

/** Undefined for what nothing is known of. */
export function parseObjectName(key: string): ObjectName | undefined {
  const session = bucketLayout.parseSession(key);
  if (session !== undefined) return { kind: 'session', sessionId: session };
  const log = bucketLayout.parseLog(key);
  if (log !== undefined) {
    const number = bucketLayout.parseSegment(log, key);
    if (number !== undefined) return { kind: 'segment', sessionId: log, number };
    const rollup = bucketLayout.parseRollup(log, key);
    return rollup && { kind: 'rollup', sessionId: log, ...rollup };
  }
  const id = key.startsWith(bucketLayout.databases) ? key.split('/', 2)[1] : undefined;
  if (id === undefined || !isDatabaseId(id)) return undefined;
  if (key === bucketLayout.head(id)) return { kind: 'head', databaseId: id };
  const file = bucketLayout.parseSst(id, key);
  if (file !== undefined) return { kind: 'file', databaseId: id, id: file };
  const pins = bucketLayout.pins(id);
  return key.startsWith(pins) ? { kind: 'pin', databaseId: id, id: key.slice(pins.length) } : undefined;
}
