import { readFileSync } from 'node:fs';

import { beforeAll, describe, expect, it } from '@jest/globals';
import { API_ROUTES } from '@leasehold/protocol';

import { CONTROL_ROUTES } from '../../apps/control-plane/src/openapi/control-document.js';
import { checkoutFiles, pathInCheckout } from '../checkout/checkout-files.js';

/** What decisions said when they were made stays as it was. */
const DECISIONS = 'docs/decisions/';
const METHOD = 'GET|POST|PUT|PATCH|DELETE';

interface Route {
  readonly method: string;
  /** With `{…}` for what stands in its place. */
  readonly path: string;
}

const ROUTES: readonly Route[] = [
  ...CONTROL_ROUTES.map(({ route }) => {
    const [method = '', path = ''] = route.split(' ');
    return { method, path: path.replaceAll(/:\w+/g, '{…}') };
  }),
  ...Object.values(API_ROUTES).flatMap(({ method, paths }) =>
    paths.map((path) => ({ method, path: path.replaceAll(/\{\w+\}/g, '{…}') })),
  ),
];

/** A page may give an example in place of a parameter. */
function patternOf(path: string): string {
  const parts = path.split('{…}').map((part) => part.replaceAll(/[.$]/g, '\\$&'));
  return parts.join('(?:\\{[^}`]*\\}|<[^>`]*>|[\\w…-]+)');
}

describe('routes', () => {
  let pages: readonly { readonly path: string; readonly text: string }[] = [];

  beforeAll(() => {
    pages = checkoutFiles()
      .filter((path) => path.endsWith('.md') && !path.startsWith(DECISIONS))
      .map((path) => ({ path, text: readFileSync(pathInCheckout(path), 'utf8') }));
  });

  it('that pages speak of are there', () => {
    const patterns = ROUTES.map(({ method, path }) => new RegExp(`^${method} ${patternOf(path)}$`));
    const said = new RegExp(`\`((?:${METHOD}) /v1/(?:\\{[^}\`]*\\}|[^\\s\`?{])*)`, 'g');
    const lost = pages.flatMap(({ path, text }) =>
      Array.from(text.matchAll(said), ([, route = '']) => route)
        .filter((route) => !patterns.some((pattern) => pattern.test(route)))
        .map((route) => `${path}: ${route}`),
    );
    expect(lost).toEqual([]);
  });

  it('of the control plane are told in a page', () => {
    const all = pages.map(({ text }) => text).join('\n');
    const untold = CONTROL_ROUTES.map(({ route }) => route).filter((route) => {
      const path = (route.split(' ')[1] ?? '').replaceAll(/:\w+/g, '{…}');
      return !new RegExp(`${patternOf(path)}(?![\\w/])`).test(all);
    });
    expect(untold).toEqual([]);
  });
});
