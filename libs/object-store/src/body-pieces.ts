/** What is shorter than half of it lies in one array of its own length. */
const PIECE_BYTES = 16 * 1024;
/** Kept for what comes next, beside what is in use. */
const MAX_FREE_BYTES = 64 * 1024 * 1024;

/** The bytes of one object; nobody else has them. */
export class Body {
  constructor(
    readonly sizeBytes: number,
    /** All but the last are full. */
    readonly pieces: readonly Uint8Array[],
  ) {}

  /** A copy of [start, end). */
  slice(start: number, end: number): Uint8Array {
    const copy = new Uint8Array(end - start);
    let pieceAt = 0;
    for (const piece of this.pieces) {
      const from = Math.max(start, pieceAt);
      const to = Math.min(end, pieceAt + piece.byteLength);
      if (from < to) copy.set(piece.subarray(from - pieceAt, to - pieceAt), from - start);
      pieceAt += piece.byteLength;
    }
    return copy;
  }

  *[Symbol.iterator](): Generator<Uint8Array> {
    let left = this.sizeBytes;
    for (const piece of this.pieces) {
      yield piece.subarray(0, left);
      left -= piece.byteLength;
    }
  }
}

/**
 * Memory for the bodies of objects, in pieces that are used again when an object is deleted or replaced. A log comes and goes by megabytes a
 * second: were each of its objects an array, the collector would be started by what they have taken, long before there is anything else to
 * collect, and would find them old.
 */
export class BodyPieces {
  private readonly free: Uint8Array[] = [];

  /** A copy: callers may use their bytes again. */
  copyOf(body: Uint8Array): Body {
    const sizeBytes = body.byteLength;
    if (sizeBytes < PIECE_BYTES / 2) return new Body(sizeBytes, [ownCopy(body)]);
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < sizeBytes; at += PIECE_BYTES) {
      const piece = this.free.pop() ?? newPiece();
      piece.set(body.subarray(at, at + PIECE_BYTES));
      pieces.push(piece);
    }
    return new Body(sizeBytes, pieces);
  }

  /** Nobody will look at it again. */
  release({ pieces }: Body): void {
    for (const piece of pieces) {
      if (piece.byteLength < PIECE_BYTES || this.free.length * PIECE_BYTES >= MAX_FREE_BYTES) return;
      this.free.push(piece);
    }
  }
}

/**
 * Shared memory, though no other thread has it: V8 starts a marking with each 64 MB of any other, and a log that grows by tens of megabytes a
 * second would have it mark the whole heap for what is used again anyway.
 */
function newPiece(): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(PIECE_BYTES));
}

/** Never a Buffer, whose `slice` is a view on what is kept here; without spare capacity, as the bytes are often a view on a larger buffer. */
function ownCopy(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(bytes.byteLength);
  copy.set(bytes);
  return copy;
}
