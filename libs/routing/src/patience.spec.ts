import { describe, expect, it } from '@jest/globals';

import { patienceFor } from './patience.js';

const attempt = { mutation: false, waitsForOwner: false, leftMs: 12_000 };

describe('patienceFor', () => {
  it('asks elsewhere soon for a read, and blames the silent worker', () => {
    expect(patienceFor(attempt)).toEqual({ timeoutMs: 5_000, workerMs: 4_500, blameSilence: true });
  });

  it('gives a mutation the hold time and a grace to become durable', () => {
    expect(patienceFor({ ...attempt, mutation: true })).toEqual({
      timeoutMs: 15_000,
      workerMs: 14_500,
      blameSilence: true,
    });
    expect(patienceFor({ ...attempt, mutation: true, leftMs: 0 })).toMatchObject({ timeoutMs: 3_000 });
  });

  it('blames nobody for waiting as told', () => {
    expect(patienceFor({ ...attempt, waitsForOwner: true })).toEqual({
      timeoutMs: 12_000,
      workerMs: 11_500,
      blameSilence: false,
    });
    expect(patienceFor({ ...attempt, waitsForOwner: true, mutation: true }).blameSilence).toBe(false);
  });

  it('gives the worker some time at the very end too', () => {
    expect(patienceFor({ ...attempt, leftMs: 100 })).toMatchObject({ timeoutMs: 100, workerMs: 1 });
  });

  it('blames nobody at the end of the hold time', () => {
    expect(patienceFor({ ...attempt, leftMs: 4_999 })).toEqual({
      timeoutMs: 4_999,
      workerMs: 4_499,
      blameSilence: false,
    });
  });
});
