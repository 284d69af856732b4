import { describe, expect, it } from '@jest/globals';
import { decideRestart, FIRST_DELAY_MS, HEALTHY_AFTER_MS, LONGEST_DELAY_MS } from './backoff.js';

describe('restart decision', () => {
  it('doubles the delay with every crash in a row up to its bound', () => {
    const delays: number[] = [];
    let crashes = 0;
    for (let round = 0; round < 40; round += 1) {
      const decision = decideRestart(crashes, 0);
      crashes = decision.crashes;
      delays.push(decision.delayMs);
    }
    expect(delays.slice(0, 4)).toEqual([1, 2, 4, 8].map((factor) => factor * FIRST_DELAY_MS));
    expect(delays.at(-1)).toBe(LONGEST_DELAY_MS);
    expect(Math.max(...delays)).toBe(LONGEST_DELAY_MS);
  });

  it('forgets earlier crashes once the process was healthy for a while', () => {
    expect(decideRestart(9, HEALTHY_AFTER_MS)).toEqual({ crashes: 1, delayMs: FIRST_DELAY_MS });
    expect(decideRestart(9, HEALTHY_AFTER_MS - 1).delayMs).toBe(LONGEST_DELAY_MS);
  });
});
