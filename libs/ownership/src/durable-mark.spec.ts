import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { DurableMark } from './durable-mark.js';

const LOST = new Error('outcome unknown');

function markAccepting(sequence: number, from = 0): DurableMark {
  const mark = new DurableMark(from);
  mark.accept(sequence);
  return mark;
}

describe('the durable mark', () => {
  it('counts what the head contains as durable', async () => {
    const mark = new DurableMark(7);
    expect([mark.isDurable(7), mark.isDurable(8)]).toEqual([true, false]);
    await mark.until(7);
  });

  it('tells those who wait for a commit when it is durable, and passes its failure on to them', async () => {
    const mark = markAccepting(2);
    const [first, second] = [mark.until(1), mark.until(2)];
    expect(mark.isDurable(1)).toBe(false);
    mark.durable(1);
    await first;
    expect([mark.isDurable(1), mark.isDurable(2)]).toEqual([true, false]);
    mark.lost(LOST);
    await expect(second).rejects.toBe(LOST);
    await expect(mark.until(2)).rejects.toBe(LOST);
    await mark.until(1);
    expect(mark.isDurable(2)).toBe(false);
  });

  it('never takes a commit for durable that it does not know', async () => {
    await expect(new DurableMark(0).until(1)).rejects.toThrow('only accepted commits');
    expect(() => markAccepting(1, 1).tell(1, { durable: () => undefined, lost: () => undefined })).toThrow(
      'what is durable',
    );
  });

  it('tells each who waits once, in the order of commits, when all before is durable', () => {
    const sequences = fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 30 });
    const steps = fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 8 });
    fc.assert(
      fc.property(sequences, steps, fc.boolean(), (waited, confirmed, isLost) => {
        const mark = markAccepting(20);
        const told: number[] = [];
        const lost: number[] = [];
        for (const sequence of waited) {
          mark.tell(sequence, {
            durable: () => {
              expect(mark.isDurable(sequence)).toBe(true);
              told.push(sequence);
            },
            lost: () => lost.push(sequence),
          });
        }
        let through = 0;
        for (const sequence of confirmed) {
          mark.durable(sequence);
          through = Math.max(through, sequence);
          expect(told).toEqual(waited.filter((each) => each <= through).sort((a, b) => a - b));
        }
        if (isLost) mark.lost(LOST);
        const left = waited.filter((each) => each > through).sort((a, b) => a - b);
        expect(lost).toEqual(isLost ? left : []);
      }),
    );
  });
});
