import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { LONGEST, longestFirst } from './test-order.mjs';

const ROOT = resolve(import.meta.dirname, '..');

describe('the order of test files', () => {
  it('has the longest first, and leaves all others as they come', () => {
    const paths = (names: readonly string[]) => names.map((name) => ({ path: `/checkout/${name}` }));
    const [first = '', second = ''] = LONGEST;
    const given = paths(['libs/b.spec.ts', second, 'libs/a.spec.ts', first, `other/not-${first}`]);
    expect(longestFirst(given)).toEqual(
      paths([first, second, 'libs/b.spec.ts', 'libs/a.spec.ts', `other/not-${first}`]),
    );
  });

  it('names each once, and none that is gone', () => {
    expect(LONGEST.filter((name, i) => LONGEST.indexOf(name) !== i)).toEqual([]);
    expect(LONGEST.filter((name) => !existsSync(resolve(ROOT, name)))).toEqual([]);
  });
});
