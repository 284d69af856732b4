import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';

const ROOT = resolve(import.meta.dirname, '..');

interface Case {
  readonly title: string;
  readonly file: string;
  readonly code: string;
  /** Undefined: must be accepted, so that the case beside it proves something. */
  readonly rule?: string;
}

const BOUNDARY = '@nx/enforce-module-boundaries';
const CASES: readonly Case[] = [
  { title: 'lets the engine import a port', file: 'libs/engine/src/x.ts', code: `import '@leasehold/object-store';` },
  {
    title: 'refuses an engine that imports an adapter',
    file: 'libs/engine/src/x.ts',
    code: `import '@leasehold/object-store-s3';`,
    rule: BOUNDARY,
  },
  {
    title: 'lets the whole of a plane in one process start a service',
    file: 'libs/local/src/x.ts',
    code: `import '@leasehold/gateway';`,
  },
  {
    title: 'refuses a library that starts a service',
    file: 'libs/upkeep/src/x.ts',
    code: `import '@leasehold/gateway';`,
    rule: BOUNDARY,
  },
  {
    title: 'refuses a service that imports the whole of its plane',
    file: 'apps/gateway/src/x.ts',
    code: `import '@leasehold/local';`,
    rule: BOUNDARY,
  },
  {
    title: 'refuses a port that imports the engine',
    file: 'libs/lease/src/x.ts',
    code: `import '@leasehold/engine';`,
    rule: BOUNDARY,
  },
  {
    title: 'refuses a foundation that imports a port',
    file: 'libs/foundation/src/x.ts',
    code: `import '@leasehold/disk-cache';`,
    rule: BOUNDARY,
  },
  {
    title: 'refuses a control plane that imports the data plane',
    file: 'apps/control-plane/src/x.ts',
    code: `import '@leasehold/engine';`,
    rule: BOUNDARY,
  },
  {
    title: 'refuses shared code that imports the data plane',
    file: 'libs/jobs/src/x.ts',
    code: `import '@leasehold/disk-cache';`,
    rule: BOUNDARY,
  },
  {
    title: 'refuses a reach into the files of another project',
    file: 'libs/lease/src/x.ts',
    code: `import '../../foundation/src/clock.js';`,
    rule: BOUNDARY,
  },
  {
    title: 'refuses a test suite imported by the product',
    file: 'libs/object-store-s3/src/x.ts',
    code: `import '@leasehold/object-store-testing';`,
    rule: BOUNDARY,
  },
  {
    title: 'lets a test import a test suite',
    file: 'libs/object-store-s3/src/x.spec.ts',
    code: `import '@leasehold/object-store-testing';`,
  },
  {
    title: 'refuses Nest in the engine',
    file: 'libs/engine/src/x.ts',
    code: `import '@nestjs/common';`,
    rule: 'no-restricted-imports',
  },
  {
    title: 'refuses the AWS SDK outside its adapter',
    file: 'apps/worker/src/x.ts',
    code: `import '@aws-sdk/client-s3';`,
    rule: 'no-restricted-imports',
  },
  {
    title: 'lets the adapter import its SDK',
    file: 'libs/object-store-s3/src/x.ts',
    code: `import '@aws-sdk/client-s3';`,
  },
  {
    title: 'refuses the system clock in the log',
    file: 'libs/commit-log/src/x.ts',
    code: `export const at = Date.now();`,
    rule: 'no-restricted-properties',
  },
  {
    title: 'refuses a bare timer in the lease',
    file: 'libs/lease/src/x.ts',
    code: `setTimeout(() => undefined, 1);`,
    rule: 'no-restricted-globals',
  },
  {
    title: 'refuses a fresh date in the router',
    file: 'libs/routing/src/x.ts',
    code: `export const at = new Date();`,
    rule: 'no-restricted-syntax',
  },
  {
    title: 'refuses the system clock in the upkeep',
    file: 'libs/upkeep/src/x.ts',
    code: `export const at = Date.now();`,
    rule: 'no-restricted-properties',
  },
  {
    title: 'refuses the job queues in the upkeep',
    file: 'libs/upkeep/src/x.ts',
    code: `import '@leasehold/jobs';`,
    rule: BOUNDARY,
  },
  {
    title: 'refuses the environment in the engine',
    file: 'libs/engine/src/x.ts',
    code: `export const home = process.env['HOME'];`,
    rule: 'no-restricted-properties',
  },
];

/** ESLint loads its configuration natively, which Jest's module registry cannot do: it runs in a process of its own, once. */
const LINT = `
  import { ESLint } from 'eslint';
  // The files do not exist, so nothing knows their types.
  const types = ['no-floating-promises', 'no-misused-promises', 'await-thenable'];
  const rules = Object.fromEntries(types.map((name) => ['@typescript-eslint/' + name, 'off']));
  const withoutTypes = { files: ['**/*.ts'], languageOptions: { parserOptions: { projectService: false } }, rules };
  const eslint = new ESLint({ overrideConfig: [withoutTypes] });
  const fired = [];
  for (const { file, code } of JSON.parse(process.argv[1])) {
    const [result] = await eslint.lintText(code, { filePath: file });
    fired.push(result.messages.map(({ ruleId, message }) => ruleId ?? message));
  }
  process.stdout.write('RULES' + JSON.stringify(fired));
`;

describe('house rules', () => {
  let found: readonly (readonly string[])[] = [];

  beforeAll(() => {
    const script = ['--input-type=module', '--eval', LINT, JSON.stringify(CASES)];
    const output = execFileSync(process.execPath, script, {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    found = JSON.parse(output.slice(output.lastIndexOf('RULES') + 'RULES'.length)) as string[][];
  }, 60_000);

  it.each(CASES.map((example, index) => ({ ...example, index })))('$title', ({ rule, index }) => {
    expect(found[index]).toEqual(rule === undefined ? [] : [rule]);
  });
});
