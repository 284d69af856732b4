import type { Head } from '@leasehold/engine';
import { decodeHead, encodeHead, StoredHead } from '@leasehold/engine';

/** Objects and array headers of an entry, or of anything else that a head lists, beside its bytes. */
const LISTED_BYTES = 250;
/** A head without any list. */
const BARE_BYTES = 2_000;
/** This object, its array and its ETag. */
const PACKED_BYTES = 400;

/**
 * A head as it is in the bucket, in an array of exactly its size: a third of the memory of the decoded one, which has objects for
 * everything, and whose keys and values keep alive whatever buffer they came in with.
 */
export class PackedHead {
  private readonly encoded: Uint8Array;
  private readonly etag: string;

  constructor({ head, etag }: StoredHead) {
    this.encoded = Uint8Array.from(encodeHead(head));
    this.etag = etag;
  }

  get sizeBytes(): number {
    return this.encoded.byteLength + PACKED_BYTES;
  }

  /** Keys and values are views on the packed bytes. */
  unpack(): StoredHead {
    return new StoredHead(decodeHead(this.encoded), this.etag, undefined);
  }
}

/** About what a decoded head takes. */
export function unpackedBytes({ inline, l0, l1, history, timeline, rangeDeletes, idempotency }: Head): number {
  const listed =
    inline.length +
    2 * (l0.length + l1.length + history.length + idempotency.files.length) +
    timeline.length +
    rangeDeletes.length +
    2 * idempotency.recent.length;
  return (
    BARE_BYTES + LISTED_BYTES * listed + inline.reduce((sum, { key, value }) => sum + key.length + value.length, 0)
  );
}
