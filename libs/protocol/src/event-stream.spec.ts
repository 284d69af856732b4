import { describe, expect, it } from '@jest/globals';
import { seededRandom, utf8 } from '@leasehold/foundation';

import type { StreamedEvent } from './event-stream.js';
import { EventStreamReader, formatEvent, HEARTBEAT } from './event-stream.js';

const read = (text: string) => new EventStreamReader().push(utf8(text));

describe('formatEvent', () => {
  it.each<[StreamedEvent, string]>([
    [{ id: '1', data: 'a' }, 'id: 1\ndata: a\n\n'],
    [{ data: 'a\nb\r\nc\rd\n' }, 'data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n'],
    [{ data: '' }, 'data: \n\n'],
    [{ id: '1' }, 'id: 1\n\n'],
    [{ event: 'error', data: '{}', retryMs: 5 }, 'event: error\nretry: 5\ndata: {}\n\n'],
  ])('writes %j', (event, text) => {
    expect(formatEvent(event)).toBe(text);
  });
});

describe('EventStreamReader', () => {
  it('reads what formatEvent writes, with every line end as one kind', () => {
    for (const data of ['', 'a', ' a', ': a', 'a\n', '\na', 'a\n\n\nb', 'id: 7', 'é\u2028\0']) {
      expect(read(formatEvent({ id: 'i', event: 'e', data }))).toEqual([{ id: 'i', event: 'e', data }]);
    }
    expect(read(formatEvent({ data: 'a\rb\r\nc' }))).toEqual([{ id: '', event: 'message', data: 'a\nb\nc' }]);
  });

  it('keeps the last id for events without one, and for connecting again', () => {
    const reader = new EventStreamReader();
    const text = `${formatEvent({ id: '1', data: 'a' })}${formatEvent({ data: 'b' })}${formatEvent({ id: '2' })}${HEARTBEAT}`;
    expect(reader.push(utf8(text)).map(({ id, data }) => [id, data])).toEqual([
      ['1', 'a'],
      ['1', 'b'],
    ]);
    expect(reader.lastId).toBe('2');
  });

  it('takes no event, and no id, whose end is missing', () => {
    const reader = new EventStreamReader();
    expect(reader.push(utf8('id: 1\ndata: a\n\nid: 2\ndata: b\n'))).toHaveLength(1);
    expect(reader.lastId).toBe('1');
  });

  it('takes comments, unknown fields, fields without a colon and time to wait', () => {
    const reader = new EventStreamReader();
    expect(reader.push(utf8(': x\n\nfoo: 1\nretry: 250\nretry: soon\ndata\ndata:x\n\n'))).toEqual([
      { id: '', event: 'message', data: '\nx' },
    ]);
    expect(reader.retryMs).toBe(250);
  });

  it('reads the same however the stream is cut', () => {
    const bytes = utf8(['id: 1\r\ndata: é\r\ndata: 2\r\n\r\n', 'data: €\r\r', 'event: e\ndata: 3\n\n'].join(''));
    const whole = new EventStreamReader().push(bytes);
    expect(whole).toHaveLength(3);
    const random = seededRandom(1);
    for (let round = 0; round < 200; round++) {
      const reader = new EventStreamReader();
      const events = [];
      for (let at = 0; at < bytes.byteLength;) {
        const next = at + 1 + Math.floor(random.fraction() * 4);
        events.push(...reader.push(bytes.subarray(at, next)));
        at = next;
      }
      expect(events).toEqual(whole);
    }
  });
});
