import type { DatabaseId } from '@leasehold/foundation';
import fc from 'fast-check';

/** The fields of any frame of one of these databases, whatever object of the log it goes into. */
export function frameFields(...databases: readonly DatabaseId[]) {
  return {
    databaseId: fc.constantFrom(...databases),
    epoch: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
    previousSegment: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
    firstSequence: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
    lastSequence: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
    payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  };
}
