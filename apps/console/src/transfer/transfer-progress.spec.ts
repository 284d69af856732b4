import { describe, expect, it } from '@jest/globals';
import { UnavailableError, UnknownOutcomeError } from '@leasehold/client';

import { exportFileName } from './export-file-name.js';
import { BadLineError } from './import-batches.js';
import { partlyText, wholeText } from './import-text.js';
import { entriesText, partText, shareOf, spokenProgress } from './transfer-progress.js';

describe('how far a transfer is', () => {
  it('is a share of what is known to be there, and none of what is not', () => {
    expect(shareOf(1, 4)).toBe(0.25);
    expect(shareOf(4, 4)).toBe(1);
    expect(shareOf(1, undefined)).toBeUndefined();
    expect(shareOf(0, 0)).toBeUndefined();
    expect(shareOf(5, 4)).toBeUndefined();
  });

  it('is said aloud once in a while', () => {
    expect([0, 0.099, 0.1, 0.55, 1].map((share) => spokenProgress(7, share))).toEqual([
      '0 percent',
      '0 percent',
      '10 percent',
      '50 percent',
      '100 percent',
    ]);
    expect([9_999, 10_000, 19_999, 20_000].map((entries) => spokenProgress(entries, undefined))).toEqual([
      'It has begun',
      '10,000 entries so far',
      '10,000 entries so far',
      '20,000 entries so far',
    ]);
  });

  it('is told in whole words', () => {
    expect([entriesText(1), entriesText(5_003), partText(1_000, 5_003)]).toEqual([
      '1 entry',
      '5,003 entries',
      '1,000 of about 5,003 entries',
    ]);
  });
});

describe('what an import came to', () => {
  it('is all of it', () => {
    expect([0, 1, 2].map(wholeText)).toEqual([
      'There was nothing to write.',
      '1 entry is written.',
      '2 entries are written.',
    ]);
  });

  it('is what is written, where it ended before', () => {
    const facts = { code: 'timeout', message: 'no answer' };
    expect(partlyText(16, new BadLineError(17, 'is not JSON'))).toBe(
      'What stands before it is written, 16 entries; nothing behind it is.',
    );
    expect(partlyText(0, new BadLineError(1, 'is not JSON'))).toBe('Nothing is written.');
    expect(partlyText(500, undefined)).toBe('The import was stopped. 500 entries are written.');
    expect(partlyText(500, new UnavailableError(facts))).toBe('500 entries are written by now.');
    expect(partlyText(500, new UnknownOutcomeError(facts))).toContain('it is not known');
  });
});

describe('the name of an exported file', () => {
  it('tells the database and the moment, and is no path', () => {
    const at = new Date('2026-11-28T14:05:06.789Z');
    expect(exportFileName('shop', at)).toBe('shop-2026-11-28T14-05-06Z.jsonl');
    expect(exportFileName('../a b', at)).toBe('..-a-b-2026-11-28T14-05-06Z.jsonl');
  });
});
