import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { ByteReader, CorruptBytesError } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';

describe('ByteWriter and ByteReader', () => {
  it('read back what was written, across every growth of the buffer', () => {
    const operation = fc.oneof(
      fc.record({ kind: fc.constant('u8' as const), value: fc.nat(0xff) }),
      fc.record({ kind: fc.constant('u16' as const), value: fc.nat(0xffff) }),
      fc.record({ kind: fc.constant('u32' as const), value: fc.nat(0xffffffff) }),
      fc.record({ kind: fc.constant('u48' as const), value: fc.maxSafeNat().map((n) => n % 2 ** 48) }),
      fc.record({ kind: fc.constant('varint' as const), value: fc.maxSafeNat() }),
      fc.record({ kind: fc.constant('bytes' as const), value: fc.uint8Array({ maxLength: 300 }) }),
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 400 }), (operations) => {
        const writer = new ByteWriter();
        for (const { kind, value } of operations) {
          if (kind === 'bytes') writer.bytes(value);
          else writer[kind](value);
        }
        const reader = new ByteReader(writer.crc32Since(0).toBytes());
        for (const { kind, value } of operations) {
          if (kind === 'bytes') expect(Uint8Array.from(reader.bytes())).toEqual(value);
          else expect(reader[kind]()).toBe(value);
        }
        reader.expectCrc32Since(0);
        reader.expectEnd();
      }),
    );
  });

  it('writes a fixed-width number at the very end of its buffer', () => {
    const writer = new ByteWriter().raw(new Uint8Array(256)).u32(7);
    expect(new ByteReader(writer.toBytes(), 256).u32()).toBe(7);
  });

  it('hands over what was written without a copy where its length was told', () => {
    const write = (writer: ByteWriter) =>
      writer
        .u8(1)
        .u16(2)
        .u32(0xfffffffe)
        .u48(2 ** 48 - 2)
        .varint(2 ** 40)
        .raw(new Uint8Array(64));
    const copied = write(new ByteWriter());
    const whole = write(new ByteWriter(copied.size)).finish();
    expect(whole).toEqual(copied.toBytes());
    expect(whole.buffer.byteLength).toBe(copied.size);
    expect(() => write(new ByteWriter(copied.size + 1)).finish()).toThrow('as long as was said');
    expect(copied.finish()).toEqual(copied.toBytes());
  });

  it.each([
    ['a byte', (writer: ByteWriter, value: number) => writer.u8(value), 2 ** 8],
    ['16 bits', (writer: ByteWriter, value: number) => writer.u16(value), 2 ** 16],
    ['32 bits', (writer: ByteWriter, value: number) => writer.u32(value), 2 ** 32],
    ['48 bits', (writer: ByteWriter, value: number) => writer.u48(value), 2 ** 48],
  ])('refuse a number that has no place in %s', (_name, write, limit) => {
    for (const value of [limit, -1, Number.NaN]) expect(() => write(new ByteWriter(), value)).toThrow('a number has');
  });

  it.each([
    ['a short number', (reader: ByteReader) => reader.u32()],
    ['bytes longer than what is left', (reader: ByteReader) => reader.bytes()],
    ['an endless varint', () => new ByteReader(new Uint8Array(12).fill(0xff)).varint()],
    [
      'a varint above the safe integers',
      () => new ByteReader(Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 127)).varint(),
    ],
  ])('takes %s for corruption', (_name, read) => {
    expect(() => read(new ByteReader(Uint8Array.of(3, 1)))).toThrow(CorruptBytesError);
  });

  it('notices every changed bit under a checksum', () => {
    const bytes = new ByteWriter().text('leasehold').u48(12).crc32Since(0).toBytes();
    for (let bit = 0; bit < bytes.byteLength * 8; bit++) {
      const changed = Uint8Array.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(() => {
        const reader = new ByteReader(changed);
        reader.raw(changed.byteLength - 4);
        reader.expectCrc32Since(0);
      }).toThrow(CorruptBytesError);
    }
  });
});
