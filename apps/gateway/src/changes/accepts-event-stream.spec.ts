import { describe, expect, it } from '@jest/globals';

import { acceptsEventStream } from './accepts-event-stream.js';

describe('acceptsEventStream', () => {
  it.each([
    undefined,
    '',
    '*/*',
    'text/event-stream',
    'Text/Event-Stream; charset=utf-8',
    'application/json, text/*;q=0.5',
    'text/event-stream, */*;q=0',
    'text/html;q=0, */*;q=0.001',
    'text/event-stream;q=0.05',
  ])('takes %j', (accept) => {
    expect(acceptsEventStream(accept)).toBe(true);
  });

  it.each([
    'application/json',
    'text/html',
    'text/event-stream;q=0',
    'text/event-stream; q=0.000, */*',
    '*/*;q=0',
    'text',
    ';',
  ])('does not take %j', (accept) => {
    expect(acceptsEventStream(accept)).toBe(false);
  });
});
