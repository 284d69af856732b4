import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

jest.setTimeout(60_000);

const HERE = fileURLToPath(new URL('.', import.meta.url));
const JEST = fileURLToPath(new URL('../../node_modules/jest/bin/jest.js', import.meta.url));

const IMPORT = `import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';\n`;
/** Finds the world as it was, and leaves it otherwise. */
const LITTERS = `import { mkdtempSync, rmdirSync } from 'node:fs';
jest.setTimeout(2_000);
it('finds nothing of other files', async () => {
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect([process.env.LITTER, process.cwd(), typeof process.env.HOME]).toEqual([undefined, process.env.FOLDER, 'string']);
  expect(String(Math.random)).toContain('native code');
  process.env.LITTER = 'here';
  delete process.env.HOME;
  const gone = mkdtempSync(process.cwd() + '/gone-');
  process.chdir(gone);
  rmdirSync(gone);
  jest.spyOn(Math, 'random').mockReturnValue(4);
  globalThis.console = { ...console };
});`;

/** Its test passes, and what it has begun fails while a test of a file after it waits. */
const leaves = (failure: string): string => `
it('passes', async () => {
  globalThis.waiting = ${JSON.stringify(failure)};
  await new Promise((resolve) => setTimeout(resolve, 300));
  globalThis.waiting = undefined;
  const timer = setInterval(() => {
    if (globalThis.waiting !== ${JSON.stringify(failure)}) return;
    clearInterval(timer);
    ${failure}(new Error('begun by ' + ${JSON.stringify(failure)} + ' of another file'));
  }, 20);
  timer.unref();
});
const throws = (error: Error) => { throw error; };
const rejects = (error: Error) => void Promise.reject(error);`;

/** What two files import is there once. */
const SHARES = `import { loaded } from './counted.js';\nit('is loaded once', () => expect(loaded()).toBe(1));`;

const FILES: Readonly<Record<string, string>> = {
  'counted.ts': `const counts = globalThis as { loaded?: number };\nexport const loaded = (): unknown => counts.loaded;\ncounts.loaded = (counts.loaded ?? 0) + 1;`,
  'shares.spec.ts': IMPORT + SHARES,
  'shares-too.spec.ts': IMPORT + SHARES,
  'fails.spec.ts': `${IMPORT}interface Gone {
  readonly inJavaScript: true;
}
it('is two', () => {
  const one: unknown = 1 satisfies number;
  expect(one).toBe(2 as unknown as Gone);
});`,
  'does-not-load.spec.ts': `${IMPORT}import { nothing } from './absent.js';\nit('is never reached', () => expect(nothing).toBe(1));`,
  'is-no-code.spec.ts': `${IMPORT}it('is not closed', () => {`,
  'throws-while-loading.spec.ts': `${IMPORT}it('is never run', () => undefined);\nthrow new Error('at once');`,
  'has-no-test.spec.ts': `${IMPORT}describe('of nothing', () => undefined);`,
  'rejects-aside.spec.ts': `${IMPORT}it('waits while a promise of its own is lost', async () => {
  void Promise.reject(new Error('of nobody'));
  await new Promise((resolve) => setTimeout(resolve, 50));
});`,
  'never-ends.spec.ts': `${IMPORT}jest.setTimeout(100);\nit('waits for ever', () => new Promise(() => undefined));`,
  'cannot-begin.spec.ts': `${IMPORT}beforeAll(() => { throw new Error('no server'); });\nit('needs a server', () => undefined);`,
  'cannot-end.spec.ts': `${IMPORT}afterAll(() => { throw new Error('still busy'); });\nit('passes', () => undefined);`,
  'litters.spec.ts': IMPORT + LITTERS,
  'litters-too.spec.ts': IMPORT + LITTERS,
  'leaves-throws.spec.ts': IMPORT + leaves('throws'),
  'leaves-throws-too.spec.ts': IMPORT + leaves('throws'),
  'leaves-rejects.spec.ts': IMPORT + leaves('rejects'),
  'leaves-rejects-too.spec.ts': IMPORT + leaves('rejects'),
  // A file to be looked at, not a test of ours: what it leaves out must be told, so that a run that may leave out nothing fails.
  'skips.spec.ts': `${IMPORT}it.skip('is for later', () => undefined);\nit.each([[1, 2], [2, 4]])('doubles %i to %i', (a, b) => expect(2 * a).toBe(b));`,
};

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[];
  }[];
}

let folder = '';
let report: Report;
let exitCode: unknown;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leasehold-jest-'));
  for (const [name, text] of Object.entries(FILES)) await writeFile(join(folder, name), text);
  const config = {
    rootDir: folder,
    testEnvironment: join(HERE, 'environment.mjs'),
    runtime: join(HERE, 'runtime.mjs'),
    testMatch: ['**/*.spec.ts'],
    injectGlobals: false,
    transform: {},
  };
  const output = join(folder, 'report.json');
  const args = [JEST, '--runInBand', '--json', `--outputFile=${output}`, `--config=${JSON.stringify(config)}`];
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], FOLDER: folder, TRANSPILED_FOLDER: folder };
  exitCode = await new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: folder, env }, (error) => resolve(error?.code ?? 0));
  });
  report = JSON.parse(await readFile(output, 'utf8')) as Report;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function fileOf(name: string) {
  const found = report.testResults.find((file) => file.name.endsWith(`/${name}.spec.ts`));
  if (found === undefined) throw new Error(`not in the report: ${name}`);
  return found;
}

const passed = (name: string): unknown[] => [
  fileOf(name).status,
  ...fileOf(name).assertionResults.map(({ status }) => status),
];

describe('a run of tests', () => {
  it('takes every file', () => {
    const names = Object.keys(FILES).filter((name) => name.endsWith('.spec.ts'));
    expect(report.testResults.map(({ name }) => name.split('/').at(-1)).sort()).toEqual(names.sort());
  });

  it('fails when one test does', () => expect(exitCode).toBe(1));

  it('passes what is right', () => {
    expect(fileOf('skips').assertionResults.map(({ title, status }) => [title, status])).toEqual([
      ['is for later', 'pending'],
      ['doubles 1 to 2', 'passed'],
      ['doubles 2 to 4', 'passed'],
    ]);
  });

  it.each(['shares', 'shares-too'])('loads a module once for all files of a process: %s', (name) => {
    expect([fileOf(name).message, ...passed(name)]).toEqual(['', 'passed', 'passed']);
  });

  it('tells where in the source a test failed', () => {
    expect(passed('fails')).toEqual(['failed', 'failed']);
    const line = FILES['fails.spec.ts']!.split('\n').findIndex((text) => text.includes('expect(one)')) + 1;
    expect(fileOf('fails').message).toContain(`fails.spec.ts:${line}:`);
  });

  it.each([
    ['whose import is not there', 'does-not-load', 'absent'],
    ['that is no TypeScript', 'is-no-code', 'is-no-code'],
    ['that throws while it is loaded', 'throws-while-loading', 'at once'],
    ['without a test', 'has-no-test', 'at least one test'],
    ['that does not end well', 'cannot-end', 'still busy'],
  ])('fails a file %s', (_, name, why) => {
    expect(fileOf(name).status).toBe('failed');
    expect(fileOf(name).message).toContain(why);
  });

  it.each([
    ['that loses a promise', 'rejects-aside', 'of nobody'],
    ['that does not end', 'never-ends', 'Exceeded timeout of 100 ms'],
    ['whose preparation failed', 'cannot-begin', 'no server'],
  ])('fails a test %s', (_, name, why) => {
    expect(passed(name)).toEqual(['failed', 'failed']);
    expect(fileOf(name).message).toContain(why);
    expect(fileOf(name).message).toContain(`${name}.spec.ts:`);
    expect(fileOf(name).message).not.toContain('tools/jest');
  });

  it.each(['throws', 'rejects'])('fails a file while what an earlier one has begun %s', (failure) => {
    const files = [fileOf(`leaves-${failure}`), fileOf(`leaves-${failure}-too`)];
    expect(files.map(({ status }) => status).sort()).toEqual(['failed', 'passed']);
    expect(files.map(({ message }) => message).join('')).toContain(`begun by ${failure} of another file`);
  });

  it.each(['litters', 'litters-too'])('puts back what a file changes of its process: %s', (name) => {
    expect([fileOf(name).message, ...passed(name)]).toEqual(['', 'passed', 'passed']);
  });
});
