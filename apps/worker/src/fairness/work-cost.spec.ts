import { describe, expect, it } from '@jest/globals';

import { unitsOf, unitsOfReads } from './work-cost.js';

const BASE = '/internal/v1/databases/0b2f6f53-5a2f-4c6e-9a57-0d6a1f0b9d11';

function asked(method: string, resource: string, bodyBytes = 0) {
  return { method, originalUrl: `${BASE}/${resource}`, body: new Uint8Array(bodyBytes) };
}

describe('units of work', () => {
  it.each([
    ['a get', asked('GET', 'keys64/a2V5cw'), 1],
    ['a small put', asked('PUT', 'keys64/a2V5', 1_000), 1],
    ['the largest put', asked('PUT', 'keys64/a2V5', 512 * 1024), 33],
    ['a short page', asked('GET', 'keys?limit=10'), 2],
    ['the longest page', asked('GET', 'keys?prefix64=YQ&limit=1000'), 64],
    ['a page that names no limit', asked('GET', 'keys?prefix64=YQ'), 64],
    ['a page with nonsense for a limit', asked('GET', 'keys?limit=-7'), 64],
    ['a small transaction', asked('POST', 'transactions', 500), 1],
    ['the largest transaction', asked('POST', 'transactions', 4 * 1024 * 1024), 513],
    ['a range delete', asked('DELETE', 'keys?prefix64=YQ'), 1],
  ])('are more for what takes more: %s', (_, request, units) => {
    expect(unitsOf(request)).toBe(units);
  });

  it.each([
    ['nothing', 0, [], 1],
    ['as many of the largest values as an answer holds', 32, [], 33],
    ['the most keys', 1_000, [], 1_001],
    ['a short and a long list', 0, [10, 1_000], 65],
    ['keys and lists', 10, [16, 16], 13],
  ])('of many reads in one body are those of its keys and pages: %s', (_, gets, limits, units) => {
    expect(unitsOfReads(gets, limits)).toBe(units);
  });
});
