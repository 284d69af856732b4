import { utf8 } from '@leasehold/foundation';
import { describe, expect, it, jest } from '@jest/globals';

import { DATABASE, EngineWorld } from '../../testing/engine-world.js';
import { Block } from '../format/sst-block.js';
import { SstReader } from '../sst/sst-reader.js';
import { ReadAhead } from './read-ahead.js';

describe('what a merge reads ahead', () => {
  it('is kept as it lies in the file: content that compresses well would fill the memory otherwise', async () => {
    const world = new EngineWorld();
    await world.claim();
    const zeros = new Uint8Array(64 * 1024);
    const effects = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${String(i).padStart(2, '0')}`, zeros]));
    const { head } = await world.flush([world.commit(effects)], { inlineLimitBytes: 0 });
    const reader = new SstReader({ store: world.store, cache: undefined }, DATABASE, head.l0[0] as never);
    const ahead = new ReadAhead(reader, { chunkBytes: 1024 * 1024, chunks: 2 });
    const { index } = await ahead.map();
    const parse = jest.spyOn(Block, 'parse');
    const keys: number[] = [];
    for (let block = 0; block < index.count; block++) {
      const next = ahead.blockInMemory(block) ?? (await ahead.blocks(block))[0];
      keys.push((next as Block).count);
      expect(parse).toHaveBeenCalledTimes(block + 1);
    }
    parse.mockRestore();
    expect(keys.reduce((sum, count) => sum + count, 0)).toBe(50);
    expect(utf8('k49')).toEqual((head.l0[0] as { maxKey: Uint8Array }).maxKey);
  });
});
