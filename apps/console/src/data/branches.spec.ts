import { describe, expect, it } from '@jest/globals';
import { encodeKey } from '@leasehold/client';

import { textOf, utf8 } from './bytes.js';
import { behind, branchOf } from './branches.js';

const NOTHING = new Uint8Array(0);

describe('a branch', () => {
  it('of text reaches to the next slash', () => {
    const branch = branchOf(utf8('users/17/name'), NOTHING, 'text');
    expect([textOf(branch.prefix), branch.isFolder]).toEqual(['users/', true]);
    const deeper = branchOf(utf8('users/17/name'), utf8('users/'), 'text');
    expect([textOf(deeper.prefix), deeper.isFolder]).toEqual(['users/17/', true]);
    const key = branchOf(utf8('users/17/name'), utf8('users/17/'), 'text');
    expect([textOf(key.prefix), key.isFolder]).toEqual(['users/17/name', false]);
  });

  it('of a tuple reaches to the end of the next part', () => {
    const key = encodeKey(['users', 17, 'name']);
    expect(branchOf(key, NOTHING, 'tuple')).toEqual({ prefix: encodeKey(['users']), isFolder: true });
    expect(branchOf(key, encodeKey(['users']), 'tuple')).toEqual({ prefix: encodeKey(['users', 17]), isFolder: true });
    expect(branchOf(key, encodeKey(['users', 17]), 'tuple')).toEqual({ prefix: key, isFolder: false });
    expect(branchOf(utf8('plain'), NOTHING, 'tuple')).toEqual({ prefix: utf8('plain'), isFolder: false });
  });

  it('is left behind as a whole', () => {
    expect(textOf(behind({ prefix: utf8('users/'), isFolder: true }) ?? NOTHING)).toBe('users0');
    expect(behind({ prefix: utf8('a'), isFolder: false })).toEqual(new Uint8Array([0x61, 0]));
    expect(behind({ prefix: new Uint8Array([0xff]), isFolder: true })).toBeUndefined();
  });
});
