import { describe, expect, it } from '@jest/globals';

import { KeyWindow, type WindowPage } from './key-window.js';

const PAGE = 500;

/** A listing of so many keys, which are numbers; cursors are where to go on. */
function pageOf(total: number, cursor: string | undefined): WindowPage<number> {
  const from = Number(cursor ?? 0);
  const entries = Array.from({ length: Math.min(PAGE, total - from) }, (_, at) => from + at);
  return { entries, cursor: from + PAGE < total ? String(from + PAGE) : null };
}

function reading(window: KeyWindow<number>, total: number, first: number, last: number): KeyWindow<number> {
  return window.missing(first, last).reduce((now, page) => now.with(page, pageOf(total, now.startOf(page))), window);
}

describe('a window on a listing', () => {
  it('scrolls through a million keys and holds a few pages', () => {
    const total = 1_000_000;
    let window = KeyWindow.empty<number>({ heldPages: 6 });
    for (let row = 0; !window.isWhole; row = window.knownRows) {
      window = reading(window, total, row, row + 30);
      expect(window.entryAt(row)).toBe(row);
      expect(window.heldEntries).toBeLessThanOrEqual(6 * PAGE);
    }
    expect(window.knownRows).toBe(total);
    // Back to the beginning, which was let go.
    expect(window.entryAt(0)).toBeUndefined();
    window = reading(window, total, 0, 30);
    expect([window.entryAt(0), window.entryAt(499), window.knownRows]).toEqual([0, 499, total]);
    expect(window.heldEntries).toBeLessThanOrEqual(6 * PAGE);
  });

  it('asks for nothing that it holds, and for the page behind the last when that is reached', () => {
    const window = reading(KeyWindow.empty<number>({ heldPages: 3 }), 1_200, 0, 10);
    expect(window.missing(0, 499)).toEqual([]);
    expect(window.missing(0, 500)).toEqual([1]);
    expect(window.missing(700, 800)).toEqual([1]);
  });

  it('knows its end, also when the last page is full or there is nothing', () => {
    const whole = reading(KeyWindow.empty<number>({ heldPages: 3 }), PAGE, 0, 10);
    expect([whole.isWhole, whole.knownRows, whole.missing(0, 10_000)]).toEqual([true, PAGE, []]);
    const nothing = reading(KeyWindow.empty<number>({ heldPages: 3 }), 0, 0, 10);
    expect([nothing.isWhole, nothing.knownRows, nothing.entryAt(0)]).toEqual([true, 0, undefined]);
  });
});
