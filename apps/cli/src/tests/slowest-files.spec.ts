import { describe, expect, it } from '@jest/globals';

import { slowestFiles } from './slowest-files.js';

describe('the slowest files', () => {
  it('are named from the slowest on, as many as are asked for', () => {
    const file = (name: string, ms: number) => ({ name: `/repo/${name}`, startTime: 5, endTime: 5 + ms });
    const report = JSON.stringify({ testResults: [file('a', 1_000), file('b/c', 12_345), file('d', 20)] });
    expect(slowestFiles(report, '/repo', 2)).toEqual(['  12.3 s  b/c', '   1.0 s  a']);
  });

  it('are none of a report without any', () => expect(slowestFiles('{}', '/repo', 3)).toEqual([]));
});
