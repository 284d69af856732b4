import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { build } from './build.mjs';

const CHECKOUT = resolve(import.meta.dirname, '..');
const BUILD = pathToFileURL(join(import.meta.dirname, 'build.mjs')).href;
const SERVICE = 'apps/gateway';

/** Builds, and is killed as soon as a file of that name is in its place. */
const KILLED = `
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
const [root, last] = process.argv.slice(1);
const { rename } = fs;
fs.rename = async (from, to) => {
  await rename(from, to);
  if (to.endsWith('/' + last)) process.kill(process.pid, 'SIGKILL');
};
syncBuiltinESMExports();
const { build } = await import(${JSON.stringify(BUILD)});
await build({ root, bundles: true });
`;

describe('a build', () => {
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'leasehold-build-'));
    await mkdir(join(root, 'libs'));
    await symlink(join(CHECKOUT, 'node_modules'), join(root, 'node_modules'));
    for (const name of ['package-lock.json', 'tools']) {
      await cp(join(CHECKOUT, name), join(root, name), { recursive: true });
    }
    await put(`${SERVICE}/package.json`, '{ "type": "module" }');
    await says('first');
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  async function put(name: string, text: string): Promise<void> {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  const says = (word: string) => put(`${SERVICE}/src/main.ts`, `const word: string = '${word}';\nconsole.log(word);`);
  const said = async (file: string) => (await promisify(execFile)(process.execPath, [file])).stdout.trim();
  const kill = (last: string) =>
    promisify(execFile)(process.execPath, ['--input-type=module', '-e', KILLED, root, last]);
  const run = async () => [
    await said(join(root, SERVICE, 'dist/main.js')),
    await said(join(root, SERVICE, 'dist/main.bundle.js')),
  ];

  it('makes only what has changed', async () => {
    expect(await build({ root, bundles: true })).toEqual({ built: 2, removed: 0, failures: [] });
    expect(await build({ root, bundles: true })).toEqual({ built: 0, removed: 0, failures: [] });
    await says('second');
    expect(await build({ root, bundles: true })).toEqual({ built: 2, removed: 0, failures: [] });
    expect(await run()).toEqual(['second', 'second']);
  });

  it.each(['main.js', 'main.bundle.js'])(
    'makes anew what a killed one has left, though sources are as they were before it: killed behind %s',
    async (last) => {
      await build({ root, bundles: true });
      await says('second');
      await expect(kill(last)).rejects.toMatchObject({ signal: 'SIGKILL' });
      expect(await run()).toContain('second');
      await says('first');
      expect((await build({ root, bundles: true })).failures).toEqual([]);
      expect(await run()).toEqual(['first', 'first']);
    },
  );

  it('makes the console anew that a killed one has left', async () => {
    for (const name of ['client', 'billing', 'protocol'])
      await mkdir(join(root, 'libs', name, 'src'), { recursive: true });
    await put('apps/console/vite.config.ts', 'export default {};');
    const page = () => readFile(join(root, 'apps/console/dist/index.html'), 'utf8');
    await put('apps/console/index.html', '<p>first</p>');
    expect((await build({ root })).failures).toEqual([]);
    await put('apps/console/index.html', '<p>second</p>');
    await expect(kill('console/dist')).rejects.toMatchObject({ signal: 'SIGKILL' });
    expect(await page()).toContain('second');
    await put('apps/console/index.html', '<p>first</p>');
    expect((await build({ root })).failures).toEqual([]);
    expect(await page()).toContain('first');
  });
});
