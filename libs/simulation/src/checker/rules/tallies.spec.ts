import { beforeEach, describe, expect, it } from '@jest/globals';

import { operandAt } from '../../history/tally.js';
import { brokenRules, violationsOf } from '../testing/broken-rules.js';
import type { TransactOptions } from '../testing/history-builder.js';
import { HistoryBuilder } from '../testing/history-builder.js';

const KEY = 't/0';

let h: HistoryBuilder;
let places: number;

function add(options: TransactOptions = {}) {
  return h.sum(KEY, operandAt(places++), options);
}

function faults(): readonly string[] {
  return violationsOf(h).filter((violation) => violation.startsWith('tallies'));
}

beforeEach(() => {
  h = new HistoryBuilder();
  places = 0;
});

describe('tallies', () => {
  it('hold each sum that was acknowledged once, and those of unknown outcome once or not at all', () => {
    h.get(KEY);
    for (let n = 0; n < 3; n++) add();
    const [first, second] = [add({ answer: 'unknown' }), add({ answer: 'unknown' })];
    h.get(KEY);
    h.land(second);
    h.snapshot();
    h.snapshot({ at: 2 });
    add({ keyed: true, answer: 'repeated', isApplied: true });
    h.land(first);
    h.get(KEY);
    h.feed(0);
    for (let n = 0; n < 5; n++) add();
    add({ answer: 'disclaimed' });
    h.snapshot();
    expect(violationsOf(h)).toEqual([]);
  });

  it.each(['acknowledged', 'unknown', 'repeated'] as const)('do not hold a sum twice that is %s', (answer) => {
    const call = add({ answer, isApplied: true });
    h.land(call);
    h.get(KEY);
    expect(faults()).toEqual(expect.arrayContaining([expect.stringContaining(`the sum of ${call.id} 2 times`)]));
  });

  it('show a sum that was doubled to whoever reads them, where no commit is known', () => {
    const call = add({ answer: 'unknown', isApplied: true });
    h.land(call);
    h.get(KEY);
    h.commits = undefined;
    expect(brokenRules(h)).toContain('tallies');
  });

  it('do not lose a sum that was acknowledged', () => {
    const call = add();
    h.get(KEY, {}, 0);
    expect(faults()).toEqual([
      `tallies: c1 shows ${KEY} without the sum of ${call.id}, which ${call.id} was told of before`,
    ]);
  });

  it('do not lose a sum of unknown outcome that somebody was shown', () => {
    add({ answer: 'unknown', isApplied: true });
    h.get(KEY);
    h.snapshot({}, 0);
    expect(faults()).toHaveLength(1);
  });

  it('may be shown without a sum by whoever began before it was acknowledged', () => {
    const begunAt = ++h.moment;
    add();
    h.get(KEY, { begunAt }, 0);
    expect(faults()).toEqual([]);
  });

  it('do not hold what was disclaimed', () => {
    add({ answer: 'disclaimed', isApplied: true });
    h.get(KEY);
    expect(faults()).toEqual(expect.arrayContaining([expect.stringContaining('which was disclaimed')]));
  });

  it('do not hold a sum that nobody has asked for, or that is asked for later', () => {
    const value = `${h.tag}${String.fromCharCode(0x10)}${'\0'.repeat(7)}`;
    h.get(KEY).answer = { kind: 'entry', entry: { value, version: { epoch: 1, sequence: 1 } } };
    add();
    h.commits = undefined;
    expect(faults()).toEqual([`tallies: c0 shows ${KEY} with a sum at place 1 that nobody asked for`]);
    add();
    expect(faults()).toEqual([`tallies: c0 shows ${KEY} with the sum of c2, which was asked for later`]);
  });

  it('are numbers', () => {
    add();
    h.get(KEY).answer = { kind: 'entry', entry: { value: `${h.tag}|x`, version: { epoch: 1, sequence: 1 } } };
    expect(faults()).toEqual([`tallies: c1 shows ${KEY} as what is no number`]);
  });
});
