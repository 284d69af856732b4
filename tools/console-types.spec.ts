import { readFile } from 'node:fs/promises';

import { describe, expect, it } from '@jest/globals';

import { controlDocument } from '../apps/control-plane/src/openapi/control-document.js';
import { CONSOLE_TYPES, formatTypes } from './console-types.mjs';

describe('the types of the console', () => {
  it('are what the document of the control API says', async () => {
    // Stale? `node tools/build.mjs && node tools/console-types.mjs`
    expect(await readFile(CONSOLE_TYPES, 'utf8')).toBe(await formatTypes(controlDocument()));
  });
});
