import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { checkoutFiles, pathInCheckout } from '../checkout/checkout-files.js';

const METRIC = /\bleasehold_[a-z_]*[a-z]/g;
/** What a service puts in front of the names of its metrics, and its counters behind them. */
const AFFIXES = /^leasehold_(?:gateway|worker|compactor)_|_total$/g;

const textOf = (path: string) => readFileSync(pathInCheckout(path), 'utf8');

describe('metrics that pages name', () => {
  it('are made by a service', () => {
    const files = checkoutFiles();
    const named = new Set(
      files.filter((path) => path.endsWith('.md')).flatMap((path) => textOf(path).match(METRIC) ?? []),
    );
    const sources = files.filter((path) => /^(?:apps|libs)\/.*(?<!\.spec)\.ts$/.test(path)).map(textOf);
    const isMade = (name: string) => {
      const forms = [name, name.replace(/^leasehold_[a-z]+_/, ''), name.replaceAll(AFFIXES, '')];
      return forms.some((form) => sources.some((text) => text.includes(`'${form}'`)));
    };
    expect([...named].filter((name) => !isMade(name))).toEqual([]);
    expect(named.size).toBeGreaterThan(10);
  });
});
