import { describe, expect, it } from '@jest/globals';

import { utf8 } from '../data/bytes.js';
import { BlobSink } from './blob-sink.js';

const MIB = 1024 * 1024;

describe('an export that is gathered', () => {
  it('is handed over once, in the end, as it was written', async () => {
    const saved: Blob[] = [];
    const sink = new BlobSink((file) => void saved.push(file));
    await sink.write(utf8('a\n'));
    await sink.write(new Uint8Array(5 * MIB).fill(0x62));
    await sink.write(utf8('\nc\n'));
    expect(saved).toEqual([]);
    await sink.end();
    expect(saved).toHaveLength(1);
    expect(await saved[0]?.text()).toBe(`a\n${'b'.repeat(5 * MIB)}\nc\n`);
  });

  it('is an empty file where there was nothing', async () => {
    const saved: Blob[] = [];
    await new BlobSink((file) => void saved.push(file)).end();
    expect(saved.map(({ size }) => size)).toEqual([0]);
  });

  it('is nowhere once it is given up', async () => {
    const saved: Blob[] = [];
    const sink = new BlobSink((file) => void saved.push(file));
    await sink.write(utf8('a\n'));
    await sink.abandon();
    expect(saved).toEqual([]);
  });
});
