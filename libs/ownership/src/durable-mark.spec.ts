import { describe, expect, it } from '@jest/globals';

import { DurableMark } from './durable-mark.js';

describe('the durable mark', () => {
  it('counts what the head contains as durable', async () => {
    const mark = new DurableMark(7);
    expect([mark.isDurable(7), mark.isDurable(8)]).toEqual([true, false]);
    await mark.until(7);
  });

  it('tells those who wait for a commit when it is durable, and passes its failure on to them', async () => {
    const mark = new DurableMark(0);
    let confirm = (): void => undefined;
    mark.track(1, new Promise((resolve) => (confirm = resolve)));
    mark.track(2, Promise.reject(new Error('outcome unknown')));
    const first = mark.until(1);
    expect(mark.isDurable(1)).toBe(false);
    confirm();
    await first;
    expect(mark.isDurable(1)).toBe(true);
    await expect(mark.until(2)).rejects.toThrow('outcome unknown');
    expect(mark.isDurable(2)).toBe(false);
  });

  it('never takes a commit for durable that it does not know', () => {
    expect(() => new DurableMark(0).until(1)).toThrow('only accepted commits');
  });
});
