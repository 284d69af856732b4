import { describe, expect, it } from '@jest/globals';
import type { Dispatcher } from 'undici';

import { Exchange, MAX_ERROR_BYTES } from './exchange.js';

/** The connection's side of an exchange. */
function connection() {
  const aborts: Error[] = [];
  const controller = { abort: (reason: Error) => void aborts.push(reason) } as unknown as Dispatcher.DispatchController;
  return { controller, aborts };
}

describe('exchange with the store', () => {
  it('refuses to be sent a second time', async () => {
    const { controller, aborts } = connection();
    const exchange = new Exchange({ timeoutMs: 1_000, bodyLimitBytes: 10 });
    exchange.onRequestStart(controller);
    exchange.onRequestStart(controller);
    await expect(exchange.answer).rejects.toThrow('sent twice');
    expect(aborts.length).toBeGreaterThan(0);
  });

  it('is not sent once it has been given up, and ends once', async () => {
    const { controller, aborts } = connection();
    let ends = 0;
    const exchange = new Exchange({ timeoutMs: 5, bodyLimitBytes: 10 });
    exchange.onEnded = () => ends++;
    await expect(exchange.answer).rejects.toThrow('no answer within 5 ms');
    exchange.onRequestStart(controller);
    expect(aborts).toHaveLength(1);
    exchange.onResponseError(controller, new Error('aborted'));
    exchange.onResponseEnd();
    expect(ends).toBe(1);
  });

  it.each<[string, number, Record<string, string>, string[], string]>([
    ['a body that is longer than it may be', 200, {}, ['01234', '56789', 'x'], 'longer than 10'],
    ['a body that tells a length above what it may have', 200, { 'content-length': '11' }, [], 'longer than 10'],
    ['an error that does not end', 500, {}, ['x'.repeat(MAX_ERROR_BYTES), 'x'], `longer than ${MAX_ERROR_BYTES}`],
    ['fewer bytes than were told', 200, { 'content-length': '5' }, ['0123'], 'cut short'],
  ])('fails for %s, and gives the connection up', async (_, status, headers, chunks, message) => {
    const { controller, aborts } = connection();
    const exchange = new Exchange({ timeoutMs: 1_000, bodyLimitBytes: 10 });
    exchange.onRequestStart(controller);
    exchange.onResponseStart(controller, status, headers);
    for (const chunk of chunks) exchange.onResponseData(controller, Buffer.from(chunk));
    if (aborts.length === 0) exchange.onResponseEnd();
    await expect(exchange.answer).rejects.toThrow(message);
  });

  it('collects a body of untold length, and holds no memory but its own', async () => {
    const { controller } = connection();
    const exchange = new Exchange({ timeoutMs: 1_000, bodyLimitBytes: 100 });
    exchange.onRequestStart(controller);
    exchange.onResponseStart(controller, 103, {});
    exchange.onResponseStart(controller, 200, { etag: '"e"' });
    const slab = Buffer.from('-0123456789-');
    for (const [from, to] of [
      [1, 4],
      [4, 5],
      [5, 11],
    ])
      exchange.onResponseData(controller, slab.subarray(from, to));
    exchange.onResponseEnd();
    const { status, body } = await exchange.answer;
    expect(status).toBe(200);
    expect(Buffer.from(body).toString()).toBe('0123456789');
    expect(body.buffer.byteLength).toBe(10);
  });
});
