import { describe, expect, it } from '@jest/globals';

import { snippetsOf } from './snippets.js';

describe('the snippets of the first steps', () => {
  it('name gateway, database and key, each of them', () => {
    const asked = { gatewayUrl: 'http://127.0.0.1:4000', database: 'first', apiKey: 'lh_secret' };
    const snippets = snippetsOf(asked);
    expect(snippets.map(({ id }) => id)).toEqual(['curl', 'sdk', 'deno']);
    for (const { code } of snippets) for (const word of Object.values(asked)) expect(code).toContain(word);
  });

  it('show where the key belongs until there is one', () => {
    for (const { code } of snippetsOf({ gatewayUrl: 'http://x', database: 'd', apiKey: undefined })) {
      expect(code).toContain('lh_…');
    }
  });
});
