import { describe, expect, it } from '@jest/globals';

import { isDatabaseName } from './database-name.js';

describe('isDatabaseName', () => {
  it.each(['a', '0', 'main', 'a-b_c', 'n'.repeat(63)])('takes %j', (name) => expect(isDatabaseName(name)).toBe(true));
  it.each(['', '-a', '_a', 'A', 'a.b', 'a/b', 'a b', 'ä', 'a\n', '..', '__proto__', 'n'.repeat(64)])(
    'refuses %j',
    (name) => expect(isDatabaseName(name)).toBe(false),
  );
});
