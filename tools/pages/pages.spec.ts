import { existsSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';

import { beforeAll, describe, expect, it } from '@jest/globals';

import { checkoutFiles, pathInCheckout } from '../checkout/checkout-files.js';
import { anchorsOf, filesNamedIn, linksOf, type Mention, type Page } from './page.js';

/** What decisions said of files when they were made stays as it was. */
const DECISIONS = 'docs/decisions/';
/** Tests of pages name some that there are not. */
const HERE = 'tools/pages/';
/** Files of others that our pages speak of. */
const FOREIGN = new Set(['native/pg-symlinks.json', 'YYYY-MM-DD-title.md']);

describe('the pages', () => {
  let files: readonly string[] = [];
  let pages: readonly Page[] = [];
  const textOf = (path: string) => readFileSync(pathInCheckout(path), 'utf8');

  beforeAll(() => {
    files = checkoutFiles();
    pages = files.filter((path) => path.endsWith('.md')).map((path) => ({ path, text: textOf(path) }));
  });

  function leadsSomewhere({ path, anchor }: Mention): boolean {
    if (!existsSync(pathInCheckout(path))) return false;
    return anchor === undefined || !path.endsWith('.md') || anchorsOf(textOf(path)).has(anchor);
  }

  it('lead where their links say', () => {
    const lost = pages.flatMap((page) =>
      linksOf(page)
        .filter((link) => !leadsSomewhere(link))
        .map(({ said }) => `${page.path}: ${said}`),
    );
    expect(lost).toEqual([]);
  });

  it('name files that are there', () => {
    const isThere = (named: string) => files.some((path) => path === named || path.endsWith(`/${named}`));
    const lost = pages
      .filter(({ path }) => !path.startsWith(DECISIONS))
      .flatMap((page) =>
        filesNamedIn(page)
          .filter((named) => !named.includes('dist/') && !FOREIGN.has(named) && !isThere(named))
          .map((named) => `${page.path}: ${named}`),
      );
    expect(lost).toEqual([]);
  });

  it('tell in docs/architecture.md what each folder of apps and libs is', () => {
    const text = textOf('docs/architecture.md');
    const folders = new Set(files.flatMap((path) => /^(?:apps|libs)\/[^/]+(?=\/package\.json$)/.exec(path) ?? []));
    const untold = [...folders].filter((folder) => !folder.endsWith('-testing') && !text.includes(`\`${folder}\``));
    expect(untold).toEqual([]);
    expect(folders.size).toBeGreaterThan(20);
  });

  it('name tests as they are called', () => {
    const text = textOf('docs/security.md');
    const named = Array.from(text.matchAll(/`([\w.-]+\.spec\.ts)` \(([^)`]+)\)/g));
    const wrong = named
      .filter(([, file = '', title = '']) => {
        const path = files.find((one) => one.endsWith(`/${file}`));
        return path === undefined || !textOf(path).includes(title.replace(/ …$/, ''));
      })
      .map(([said]) => said);
    expect(wrong).toEqual([]);
    expect(named.length).toBeGreaterThan(0);
  });

  it('are there where sources name them', () => {
    const lost = files
      .filter((path) => /\.(?:[cm]?tsx?|mjs|js|prisma|sql|ya?ml|sh)$/.test(path) && !path.startsWith(HERE))
      .flatMap((path) =>
        Array.from(
          textOf(path).matchAll(
            /(?<![\w/.-])((?:docs|apps|libs|bench|chaos|e2e|examples|infra)\/[\w./-]+\.md)(?:#([\w-]+))?/g,
          ),
          ([said, page = '', anchor]) => ({ said, path: page, anchor }),
        )
          // Of the checkout, or of the folder that the file is in.
          .filter(
            (mention) =>
              !leadsSomewhere(mention) &&
              !leadsSomewhere({ ...mention, path: posix.join(posix.dirname(path), mention.path) }),
          )
          .map(({ said }) => `${path}: ${said}`),
      );
    expect(lost).toEqual([]);
  });
});
