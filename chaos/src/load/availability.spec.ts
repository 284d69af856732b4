import { beforeEach, describe, expect, it } from '@jest/globals';

import { Availability } from './availability.js';
import type { Gap } from './availability.js';

describe('the availability of a database', () => {
  let gaps: Gap[];
  let availability: Availability;
  beforeEach(() => {
    gaps = [];
    availability = new Availability((gap) => gaps.push(gap));
  });

  it('ends with the first request that is not served, and begins again with the next that is', () => {
    availability.sent(1_000);
    availability.failed();
    availability.sent(3_000);
    availability.failed();
    availability.sent(5_000);
    availability.served(5_010);
    expect(gaps).toEqual([{ fromMs: 1_000, toMs: 5_010 }]);
  });

  it('is missed only by who asks', () => {
    availability.sent(0);
    availability.served(10);
    availability.sent(60_000);
    availability.served(60_010);
    expect(gaps).toEqual([]);
  });

  it('is there while others are served, however long one request waits', () => {
    availability.sent(0);
    for (let at = 100; at <= 5_000; at += 100) {
      availability.sent(at);
      availability.served(at + 1);
    }
    expect(gaps).toEqual([]);
    expect(availability.openMs(5_101)).toBe(100);
  });

  it('counts a request that is held as long as it is held', () => {
    availability.sent(0);
    availability.served(6_000);
    expect(gaps).toEqual([{ fromMs: 0, toMs: 6_000 }]);
  });

  it('is told when a run ends in the middle', () => {
    availability.sent(0);
    availability.failed();
    availability.end(2_000);
    availability.end(9_000);
    expect(gaps).toEqual([{ fromMs: 0, toMs: 2_000 }]);
  });
});
