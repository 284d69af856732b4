import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

import { describe, expect, it } from '@jest/globals';

import { ExportPlaces } from './export-places.js';

async function* pieces(failing = false): AsyncGenerator<string, void, void> {
  yield 'a';
  if (failing) throw new Error('the page does not come');
  yield 'b';
}

describe('places of exports', () => {
  const places = new ExportPlaces(2);
  const isFull = () => expect(() => places.begin(pieces())).toThrow(expect.objectContaining({ code: 'overloaded' }));

  it('are taken before anybody reads, and free again when it was all read', async () => {
    const both = [places.begin(pieces()), places.begin(pieces())];
    isFull();
    expect(await Promise.all(both.map((one) => text(one)))).toEqual(['ab', 'ab']);
    expect(await text(places.begin(pieces()))).toBe('ab');
  });

  it('are free again when reading fails, and when nobody reads', async () => {
    const ends: readonly ((stream: Readable) => unknown)[] = [
      (stream) => stream.resume(),
      (stream) => stream.destroy(),
    ];
    for (const end of ends) {
      const both = [places.begin(pieces(true)), places.begin(pieces(true))];
      isFull();
      await Promise.all(
        both.map((stream) => {
          const closed = new Promise((resolve) => stream.on('error', () => undefined).once('close', resolve));
          end(stream);
          return closed;
        }),
      );
      expect(await text(places.begin(pieces()))).toBe('ab');
    }
  });
});
