import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { isObjectKey } from '../object-key.js';
import { keyOfPath, objectPath } from './file-names.js';

describe('file names of objects', () => {
  it.each([
    ['cluster', 'cluster.o'],
    ['db/0c9a-1/head', 'db/0c9a-1/head.o'],
    ['db/0c9a-1/head/x', 'db/0c9a-1/head/x.o'],
    ['A/../b//c', '%41/%2e%2e/b/%/c.o'],
    ['/', '%/%.o'],
    ['a.o', 'a%2eo.o'],
    ['%', '%25.o'],
    ['é', '%c3%a9.o'],
    ['x'.repeat(450), `${'x'.repeat(200)}+/${'x'.repeat(200)}+/${'x'.repeat(50)}.o`],
    [`${'x'.repeat(199)}É`, `${'x'.repeat(199)}+/%c3%89.o`],
  ])('of %j is %j', (key, path) => {
    expect(objectPath(key)).toBe(path);
    expect(keyOfPath(path)).toBe(key);
  });

  const part = fc.oneof(
    fc.constantFrom('', '.', '..', 'head', '+', '%', 'a.o', 'x'.repeat(201)),
    fc.string({ unit: 'binary', maxLength: 6 }),
  );
  const keys = fc
    .array(part, { minLength: 1, maxLength: 6 })
    .map((parts) => parts.join('/'))
    .filter(isObjectKey);

  it('give the key back', () => {
    fc.assert(
      fc.property(keys, (key) => expect(keyOfPath(objectPath(key))).toBe(key)),
      { numRuns: 2000 },
    );
  });

  it('stay in the folder, and are short and plain enough for every file system', () => {
    fc.assert(
      fc.property(keys, (key) => {
        for (const name of objectPath(key).split('/')) expect(name).toMatch(/^[a-z0-9_%-]{1,200}(\+|\.o)?$/);
      }),
    );
  });

  it('never make a file where another key needs a directory', () => {
    fc.assert(
      fc.property(keys, keys, (a, b) => {
        expect(objectPath(b).startsWith(`${objectPath(a)}/`)).toBe(false);
      }),
    );
  });

  it.each(['a', 'a.txt', 'A.o', '../a.o', 'a//b.o', '.o', '%zz.o', '%2.o', '%ff.o', 'a+.o', '%61.o', 'x+/y.o'])(
    'of no key: %j',
    (path) => {
      expect(keyOfPath(path)).toBeUndefined();
    },
  );
});
