import { describe, expect, it } from '@jest/globals';

import { liesInPiece, MemoryPieces } from './memory-pieces.js';

const KIB = 1024;

describe('memory that commits share', () => {
  it('is not begun for a memtable that holds little, nor for what is large itself', () => {
    expect(new MemoryPieces().take(100, 15 * KIB)).toBeUndefined();
    expect(new MemoryPieces().take(KIB + 1, 16 * KIB)).toBeUndefined();
    expect(new MemoryPieces().take(KIB, 16 * KIB)).toBeDefined();
  });

  it('is told from memory of its own', () => {
    expect(liesInPiece(new MemoryPieces().take(100, 16 * KIB) as Buffer)).toBe(true);
    expect(liesInPiece(Buffer.allocUnsafeSlow(100))).toBe(false);
  });

  it('comes in pieces of at most a quarter of what the memtable holds, and of a bounded size', () => {
    for (const [heldBytes, pieceBytes] of [
      [16 * KIB, 4 * KIB],
      [100 * KIB, 16 * KIB],
      [700 * KIB, 128 * KIB],
      [64 * KIB * KIB, 256 * KIB],
    ] as const) {
      expect(new MemoryPieces().take(100, heldBytes)?.buffer.byteLength).toBe(pieceBytes);
    }
  });

  it('gives each taker bytes of its own, one behind the other, and a new piece where the last is full', () => {
    const pieces = new MemoryPieces();
    const taken = Array.from({ length: 9 }, () => pieces.take(1_000, 16 * KIB) as Buffer);
    for (const [n, bytes] of taken.entries()) bytes.fill(n);
    expect(taken.map((bytes) => [bytes.byteLength, bytes.byteOffset, bytes[0], bytes[999]])).toEqual(
      taken.map((_, n) => [1_000, (n % 4) * 1_000, n, n]),
    );
    expect(new Set(taken.map(({ buffer }) => buffer)).size).toBe(3);
  });

  it('takes back what was taken last, and nothing else', () => {
    const pieces = new MemoryPieces();
    const [first, second] = [pieces.take(10, 16 * KIB), pieces.take(20, 16 * KIB)] as [Buffer, Buffer];
    pieces.giveBack(first);
    pieces.giveBack(Buffer.allocUnsafeSlow(20));
    expect(pieces.take(5, 16 * KIB)?.byteOffset).toBe(30);
    pieces.giveBack(second);
    expect(pieces.take(5, 16 * KIB)?.byteOffset).toBe(35);
    const last = pieces.take(20, 16 * KIB) as Buffer;
    pieces.giveBack(last);
    expect(pieces.take(7, 16 * KIB)?.byteOffset).toBe(last.byteOffset);
  });
});
