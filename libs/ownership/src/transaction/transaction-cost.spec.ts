import { describe, expect, it } from '@jest/globals';
import { NO_USAGE } from '@leasehold/engine';
import { utf8 } from '@leasehold/foundation';

import type { Operation } from './transaction.js';
import { usageAfter, writeUnitsOf } from './transaction-cost.js';

const remove: Operation = { op: 'delete', key: utf8('k') };
const removeRange: Operation = { op: 'deleteRange', range: { start: utf8('a'), end: utf8('b') } };
const put: Operation = { op: 'put', key: utf8('k'), value: new Uint8Array(1_024) };

describe('what a commit counts', () => {
  it('is a unit for each begun KiB of key and value, and one for each delete', () => {
    expect(usageAfter(NO_USAGE, { ops: [put, remove, removeRange] })).toEqual({
      commits: 1,
      writeUnits: 4,
      writtenBytes: 1_025 + 1 + 2,
    });
  });

  it('has no units where nobody is billed, who only deletes', () => {
    const usage = { commits: 7, writeUnits: 9, writtenBytes: 0 };
    expect(usageAfter(usage, { ops: [remove, removeRange], isUnbilled: true })).toEqual({
      commits: 8,
      writeUnits: 9,
      writtenBytes: 3,
    });
  });

  it('is billed where anything is added, whatever is said', () => {
    expect(writeUnitsOf({ ops: [remove, put], isUnbilled: true })).toBe(3);
  });
});
