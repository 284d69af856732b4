import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { EventStreamReader } from './event-stream.js';

const STREAM =
  'retry: 2000\n\nid: 1\ndata: {"a":1}\n\n:\n\nid: 2\n\nevent: error\r\nretry: 5\r\ndata: x\r\ndata: y: z\r\n\r\nid: 9\ndata: cut';

describe('reading server-sent events', () => {
  it('gives the same blocks however the text is cut, and no block that was not finished', () => {
    const places = fc
      .array(fc.nat(STREAM.length), { maxLength: 6 })
      .map((cuts) => [...cuts, STREAM.length].sort((a, b) => a - b));
    fc.assert(
      fc.property(places, (cuts) => {
        const reader = new EventStreamReader();
        const events = cuts.flatMap((cut, at) => reader.push(STREAM.slice(cuts[at - 1] ?? 0, cut)));
        expect(events).toEqual([
          { event: 'message', id: undefined, data: undefined, retryMs: 2000 },
          { event: 'message', id: '1', data: '{"a":1}', retryMs: undefined },
          { event: 'message', id: '2', data: undefined, retryMs: undefined },
          { event: 'error', id: undefined, data: 'x\ny: z', retryMs: 5 },
        ]);
      }),
    );
  });

  it('refuses a block that never ends', () => {
    const reader = new EventStreamReader();
    const part = `data: ${'x'.repeat(4 * 1024 * 1024)}\n`;
    for (let times = 0; times < 3; times++) expect(reader.push(part)).toEqual([]);
    expect(() => [reader.push(part), reader.push(part)]).toThrow(RangeError);
  });
});
