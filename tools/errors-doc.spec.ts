import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { describe, expect, it } from '@jest/globals';
import { ERROR_CODES } from '@leasehold/protocol';

import { formatErrorsPage } from './errors-doc.mjs';

const PAGE = resolve(import.meta.dirname, '../docs/errors.md');

describe('docs/errors.md', () => {
  it('is what the table of error codes says', () => {
    // Stale? `node tools/build.mjs && node tools/errors-doc.mjs`
    expect(readFileSync(PAGE, 'utf8')).toBe(formatErrorsPage(ERROR_CODES));
  });
});
