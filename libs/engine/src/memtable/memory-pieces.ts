/** A memtable of less has no pieces: what it holds is each in memory of its own, and nothing of it is kept for what may never come. */
const LEAST_BYTES = 16 * 1024;
const SMALLEST_PIECE_BYTES = 4 * 1024;
const LARGEST_PIECE_BYTES = 256 * 1024;
/** Of what there is already: as much as may lie idle. */
const PIECE_SHARE = 1 / 4;
/** What is longer than this part of a piece gains nothing by sharing it. */
const SHARED_PART = 1 / 4;

/**
 * Memory that the encoded commits of one memtable share, in pieces that grow with it: to the collector each is one thing to look after, where
 * every commit would be one. They go together, as they are flushed together.
 *
 * A piece is at most a quarter of what the memtable held when it was begun. So what lies idle in the last one is little, and one value of an
 * idle database keeps no more than itself.
 */
export class MemoryPieces {
  private piece: Buffer | undefined;
  private usedBytes = 0;

  /**
   * Room for so many bytes, where it is worth sharing; else undefined.
   * @param heldBytes what the memtable holds by now
   */
  take(sizeBytes: number, heldBytes: number): Buffer | undefined {
    if (this.piece === undefined || this.usedBytes + sizeBytes > this.piece.byteLength) {
      if (heldBytes < LEAST_BYTES) return undefined;
      const pieceBytes = pieceBytesAt(heldBytes);
      if (sizeBytes > pieceBytes * SHARED_PART) return undefined;
      this.piece = Buffer.allocUnsafeSlow(pieceBytes);
      this.usedBytes = 0;
    }
    const from = this.usedBytes;
    this.usedBytes += sizeBytes;
    return this.piece.subarray(from, this.usedBytes);
  }

  /** What was taken last is not needed, and nobody has kept it. */
  giveBack(bytes: Uint8Array): void {
    const { piece } = this;
    const isLast = piece?.buffer === bytes.buffer && bytes.byteOffset + bytes.byteLength === this.usedBytes;
    if (isLast) this.usedBytes = bytes.byteOffset;
  }
}

/** Whether an encoded commit lies in a piece: its memtable keeps that for as long as there is one. */
export function liesInPiece(encoded: Uint8Array): boolean {
  return encoded.byteLength < encoded.buffer.byteLength;
}

/** A power of two. */
function pieceBytesAt(heldBytes: number): number {
  const share = 2 ** Math.floor(Math.log2(heldBytes * PIECE_SHARE));
  return Math.min(LARGEST_PIECE_BYTES, Math.max(SMALLEST_PIECE_BYTES, share));
}
