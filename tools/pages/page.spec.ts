import { describe, expect, it } from '@jest/globals';

import { anchorsOf, filesNamedIn, linksOf, type Page } from './page.js';

describe('a page', () => {
  const page = (text: string): Page => ({ path: 'docs/usage.md', text });

  it('links to files beside and above it, to headings, and to its own', () => {
    const text =
      'See [a](a.md), [b](../libs/b/README.md#what-it-is), [c](#more), [d](formats/), [e](https://example.com/e.md).';
    expect(linksOf(page(text))).toEqual([
      { said: 'a.md', path: 'docs/a.md', anchor: undefined },
      { said: '../libs/b/README.md#what-it-is', path: 'libs/b/README.md', anchor: 'what-it-is' },
      { said: '#more', path: 'docs/usage.md', anchor: 'more' },
      { said: 'formats/', path: 'docs/formats', anchor: undefined },
    ]);
  });

  it('links to nothing in its blocks of code', () => {
    expect(linksOf(page('```js\ncalls[0](nothing)\n```\n[a](a.md)\n'))).toHaveLength(1);
  });

  it('has an anchor for each heading, numbered where two are alike', () => {
    const text =
      '# The `usage` of it all\n\n## Limits, and why\n\n```sh\n# no heading\n```\n\n## [Limits](x.md), and why\n';
    expect([...anchorsOf(text)]).toEqual(['the-usage-of-it-all', 'limits-and-why', 'limits-and-why-1']);
  });

  it('names files between backticks, several at once too, and not routes', () => {
    const text = '`e2e/src/{leasehold,api}.ts`, `page.spec.ts`, `/openapi.json`, `crash`, `*.spec.ts`';
    expect(filesNamedIn(page(text))).toEqual(['e2e/src/leasehold.ts', 'e2e/src/api.ts', 'page.spec.ts']);
  });
});
