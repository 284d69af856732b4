import { describe, expect, it } from '@jest/globals';
import { createConfig, lintFromString } from '@redocly/openapi-core';

import { controlDocument } from '../apps/control-plane/src/openapi/control-document.js';
import { openApiDocument } from '../libs/protocol/src/api/openapi.js';

/** Every recommended rule, those that only warn as well. */
async function findings(document: object): Promise<readonly string[]> {
  const config = await createConfig({ extends: ['recommended'] });
  const problems = await lintFromString({ source: JSON.stringify(document), absoluteRef: 'openapi.json', config });
  return problems.map(({ ruleId, message, location }) => `${ruleId} at ${location[0]?.pointer ?? '?'}: ${message}`);
}

describe('the linter of OpenAPI', () => {
  it.each([
    ['data plane', openApiDocument()],
    ['control plane', controlDocument()],
  ])('has nothing to say about the document of the %s', async (_, document) => {
    expect(await findings(document)).toEqual([]);
  });

  it('is listened to', async () => {
    const { paths, ...rest } = openApiDocument();
    const [[path, methods] = ['', {}]] = Object.entries(paths);
    const [[method, operation] = ['', undefined]] = Object.entries(methods);
    const broken = { ...rest, paths: { ...paths, [path]: { [method]: { ...operation, summary: undefined } } } };
    expect(await findings(broken)).toEqual([expect.stringContaining('operation-summary')]);
  });
});
