import { describe, expect, it } from '@jest/globals';

import { patienceFor } from './patience.js';

const attempt = { repetition: 'harmless', waitsForOwner: false, leftMs: 12_000 } as const;

describe('patienceFor', () => {
  it('asks elsewhere soon for a read, and blames the silent worker', () => {
    expect(patienceFor(attempt)).toEqual({ timeoutMs: 5_000, workerMs: 4_500, blameSilence: true });
  });

  it('gives what must not be sent again the hold time and a grace to become durable', () => {
    expect(patienceFor({ ...attempt, repetition: 'unsafe' })).toEqual({
      timeoutMs: 15_000,
      workerMs: 14_500,
      blameSilence: true,
    });
    expect(patienceFor({ ...attempt, repetition: 'unsafe', leftMs: 0 })).toMatchObject({ timeoutMs: 3_000 });
  });

  it('asks elsewhere soon for what is applied once, and gives its last attempt the same grace', () => {
    expect(patienceFor({ ...attempt, repetition: 'once' })).toMatchObject({ timeoutMs: 5_000, blameSilence: true });
    expect(patienceFor({ ...attempt, repetition: 'once', leftMs: 0 })).toMatchObject({ timeoutMs: 3_000 });
  });

  it('blames nobody for waiting as told', () => {
    expect(patienceFor({ ...attempt, waitsForOwner: true })).toEqual({
      timeoutMs: 12_000,
      workerMs: 11_500,
      blameSilence: false,
    });
    expect(patienceFor({ ...attempt, waitsForOwner: true, repetition: 'unsafe' }).blameSilence).toBe(false);
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
