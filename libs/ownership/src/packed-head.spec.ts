import { describe, expect, it } from '@jest/globals';
import { emptyHead, putEntry, StoredHead } from '@leasehold/engine';
import { utf8 } from '@leasehold/foundation';

import { databaseNamed } from '../testing/test-workers.js';
import { PackedHead, unpackedBytes } from './packed-head.js';

const HEAD = {
  ...emptyHead(databaseNamed(1)),
  epoch: 3,
  lastCommit: { epoch: 3, sequence: 9 },
  inline: [putEntry(utf8('k'), { epoch: 3, sequence: 9 }, utf8('v'.repeat(1_000)))],
  trail: { edits: 1, nonces: ['0123456789abcdef0123456789abcdef'] },
};

describe('a packed head', () => {
  it('is unpacked as it was, at the ETag that the bucket has', () => {
    const unpacked = new PackedHead(new StoredHead(HEAD, '"etag"', 7)).unpack();
    expect(unpacked.etag).toBe('"etag"');
    expect(unpacked.head).toMatchObject({ epoch: 3, lastCommit: HEAD.lastCommit, trail: HEAD.trail });
    expect(Buffer.from(unpacked.head.inline[0]?.value ?? []).toString()).toBe('v'.repeat(1_000));
  });

  it('keeps nothing alive but its own bytes', () => {
    const { head } = new PackedHead(new StoredHead(HEAD, '"etag"', 7)).unpack();
    expect(head.inline[0]?.value.buffer.byteLength).toBeLessThan(1_500);
  });

  it('weighs less than the head it was made of', () => {
    const packed = new PackedHead(new StoredHead(HEAD, '"etag"', 7));
    expect(packed.sizeBytes).toBeLessThan(unpackedBytes(HEAD));
    expect(packed.sizeBytes).toBeGreaterThan(1_000);
  });
});
