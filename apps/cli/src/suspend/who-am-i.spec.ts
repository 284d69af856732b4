import { hostname } from 'node:os';

import { describe, expect, it } from '@jest/globals';

import { whoAmI } from './who-am-i.js';

describe('who suspends', () => {
  it('is a user of a host, by number where there is no name', () => {
    const nameless = () => {
      throw new Error('uv_os_get_passwd returned ENOENT');
    };
    expect([whoAmI(() => 'ann'), whoAmI(nameless)]).toEqual([
      `ann@${hostname()}`,
      expect.stringMatching(new RegExp(`^uid-\\d+@`)),
    ]);
  });
});
