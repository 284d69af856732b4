import { describe, expect, it } from '@jest/globals';

import { slugOf } from './slug.js';

describe('slugOf', () => {
  it.each([
    ['Acme', 'acme'],
    ['  Müller & Söhne GmbH  ', 'muller-sohne-gmbh'],
    ['日本', 'organization'],
    ['--', 'organization'],
    ['__proto__', 'proto'],
    ['x'.repeat(60), 'x'.repeat(48)],
    [`${'x'.repeat(47)} y`, 'x'.repeat(47)],
  ])('makes %j %j', (name, slug) => expect(slugOf(name)).toBe(slug));
});
