import { describe, expect, it } from '@jest/globals';

import { projected } from './projection.js';

const FROM = new Date('2026-11-01T00:00:00Z');
const TO = new Date('2026-12-01T00:00:00Z');

describe('what a month comes to', () => {
  it('is twice as much in the middle, and what it is at the end', () => {
    expect(projected(500, FROM, TO, new Date('2026-11-16T00:00:00Z'))).toBe(1_000);
    expect(projected(500, FROM, TO, TO)).toBe(500);
    expect(projected(500, FROM, TO, new Date('2027-01-01T00:00:00Z'))).toBe(500);
  });

  it('is what there is before anything has passed', () => {
    expect(projected(0, FROM, TO, FROM)).toBe(0);
  });
});
