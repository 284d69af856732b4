import { describe, expect, it } from '@jest/globals';

import { operandAt, PLACES_PER_TALLY, timesAt } from './tally.js';

const places = Array.from({ length: PLACES_PER_TALLY }, (_, place) => place);

describe('a tally', () => {
  it('tells how often each sum is in it, up to fifteen times', () => {
    const number = places.reduce((sum, place) => sum + BigInt((place * 7) % 16) * operandAt(place), 0n);
    expect(places.map((place) => timesAt(place, number))).toEqual(places.map((place) => (place * 7) % 16));
  });

  it('has room for every sum fifteen times in 64 bits', () => {
    const number = places.reduce((sum, place) => sum + 15n * operandAt(place), 0n);
    expect(number).toBe(2n ** 64n - 1n);
  });
});
