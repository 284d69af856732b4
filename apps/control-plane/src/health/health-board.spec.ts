import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Clock } from '@leasehold/foundation';

import { HEALTH_KEPT_MS, HealthBoard } from './health-board.js';
import type { PartLook, PartState } from './part-health.js';

const part = (name: string, state: PartState = 'ok'): PartLook => ({
  ...{ kind: 'worker', name, state, latencyMs: 1, detail: null },
});

describe('the board of health', () => {
  let nowMs: number;
  let told: readonly PartLook[];
  let looks: number;
  let board: HealthBoard;

  beforeEach(() => {
    [nowMs, told, looks] = [1_000_000, [part('a')], 0];
    const clock = { now: () => nowMs, monotonic: () => nowMs } as Clock;
    board = new HealthBoard([async () => ((looks += 1), told)], clock);
  });

  it('looks once for all who ask within a moment', async () => {
    const [one, two] = await Promise.all([board.read(), board.read()]);
    expect(one).toBe(two);
    nowMs += HEALTH_KEPT_MS - 1;
    expect(await board.read()).toBe(one);
    expect(looks).toBe(1);
    nowMs += 1;
    expect(await board.read()).not.toBe(one);
    expect(looks).toBe(2);
  });

  it('remembers since when a part is as it is, and forgets those that have gone', async () => {
    const since = async () => {
      const { parts } = await board.look();
      return parts.map(({ state, since: at }) => [state, at.getTime()]);
    };
    expect(await since()).toEqual([['ok', 1_000_000]]);
    nowMs += 10_000;
    expect(await since()).toEqual([['ok', 1_000_000]]);
    told = [part('a', 'not-ready')];
    expect(await since()).toEqual([['not-ready', 1_010_000]]);
    told = [];
    nowMs += 10_000;
    expect(await since()).toEqual([]);
    told = [part('a', 'not-ready')];
    expect(await since()).toEqual([['not-ready', 1_020_000]]);
  });

  it('believes a part that says since when', async () => {
    const at = new Date(5);
    told = [{ ...part('a'), since: at }];
    expect((await board.look()).parts[0]?.since).toEqual(at);
  });

  it('tells of the others where one look fails', async () => {
    const failing = new HealthBoard([async () => Promise.reject(new Error('no')), async () => told], {
      now: () => 0,
      monotonic: () => 0,
    } as Clock);
    expect((await failing.read()).parts.map(({ name }) => name)).toEqual(['a']);
  });
});
