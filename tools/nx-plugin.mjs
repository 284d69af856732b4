// Gives every project the same three targets, so that `nx run-many -t lint` and `nx affected -t test` work without a
// configuration file in each of forty folders. Nx finds the projects themselves from the workspaces of package.json.
import { dirname } from 'node:path';

const JEST = 'node --disable-warning=ExperimentalWarning node_modules/jest/bin/jest.js';

/** @type {import('@nx/devkit').CreateNodesV2} */
export const createNodesV2 = [
  '{apps/*,libs/*,bench,chaos,e2e}/package.json',
  (files) =>
    files.map((file) => {
      const root = dirname(file);
      const target = (/** @type {string} */ command) => ({
        command,
        cache: true,
        inputs: ['default', '^default'],
        options: { cwd: '{workspaceRoot}' },
      });
      const targets = {
        test: target(`${JEST} --passWithNoTests --testPathPatterns ${root}/`),
        lint: target(`eslint ${root}`),
        typecheck: target(`node tools/typecheck.mjs ${root}`),
      };
      return [file, { projects: { [root]: { root, targets } } }];
    }),
];

export const name = 'leasehold';
