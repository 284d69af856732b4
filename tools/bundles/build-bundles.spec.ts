import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { buildBundles, bundleFiles } from './build-bundles.mjs';
import { requireSamePackages } from './outside-packages.mjs';

const RECIPE = [
  'tools/swc-options.mjs',
  ...['build-bundles', 'module-places', 'outside-packages', 'own-mappings'].map((name) => `tools/bundles/${name}.mjs`),
];
const MAIN = 'apps/gateway/dist/main.js';
const BUNDLE = 'apps/gateway/dist/main.bundle.js';

describe('bundles of the services', () => {
  let root: string;
  /** Sources of the small checkout, as they are built. */
  let digests: Record<string, { readonly digest: string }>;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'leasehold-bundles-'));
    digests = {};
    for (const name of RECIPE) await put(name, await readFile(resolve(import.meta.dirname, '../..', name), 'utf8'));
    await put('package-lock.json', '{}');
    await put('apps/gateway/package.json', '{ "type": "module" }');
    await put('libs/engine/package.json', '{ "type": "module" }');
    await source('libs/engine/dist/place.js', 'export const place = [import.meta.url, import.meta.dirname];');
    await source(
      MAIN,
      "import { place } from '../../../libs/engine/dist/place.js';\nconsole.log(JSON.stringify(place));",
    );
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  async function put(name: string, text: string): Promise<void> {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  async function source(name: string, text: string): Promise<void> {
    await put(name, text);
    const digest = createHash('sha256').update(text).digest('base64url');
    digests[name.replace('/dist/', '/src/').replace(/\.js$/, '.ts')] = { digest };
  }
  const run = async () => promisify(execFile)(process.execPath, ['--enable-source-maps', join(root, BUNDLE)]);

  it('are made once, and again only when something in them changes', async () => {
    expect(await buildBundles(root, digests)).toEqual({ built: 1, failure: undefined });
    expect(await buildBundles(root, digests)).toEqual({ built: 0, failure: undefined });
    await source('libs/engine/dist/elsewhere.js', 'export const unused = 1;');
    expect(await buildBundles(root, digests)).toEqual({ built: 0, failure: undefined });
    await source('libs/engine/dist/place.js', "export const place = ['changed'];");
    expect(await buildBundles(root, digests)).toEqual({ built: 1, failure: undefined });
    expect((await run()).stdout).toBe('["changed"]\n');
  });

  it('are made again when an index that only names others changes', async () => {
    await source('libs/engine/dist/other.js', "export const place = ['other'];");
    await source('libs/engine/dist/index.js', "export * from './place.js';");
    await source(MAIN, "import { place } from '../../../libs/engine/dist/index.js';\nconsole.log(place.length);");
    await buildBundles(root, digests);
    await source('libs/engine/dist/index.js', "export * from './other.js';");
    expect(await buildBundles(root, digests)).toEqual({ built: 1, failure: undefined });
    expect((await run()).stdout).toBe('1\n');
  });

  it.each([
    ['the packages are others', 'package-lock.json', '{ "lockfileVersion": 3 }'],
    ['others are installed', 'node_modules/.package-lock.json', '{ "lockfileVersion": 3 }'],
    ['sources are transpiled otherwise', 'tools/swc-options.mjs', 'export const swcOptions = {};'],
    ['a project exports something else', 'libs/engine/package.json', '{ "type": "module", "exports": "./dist/a.js" }'],
  ])('are made again when %s', async (_what, name, text) => {
    await buildBundles(root, digests);
    await put(name, text);
    expect(await buildBundles(root, digests)).toEqual({ built: 1, failure: undefined });
  });

  it('are made again when one is gone', async () => {
    await buildBundles(root, digests);
    await rm(join(root, BUNDLE));
    expect(await buildBundles(root, digests)).toEqual({ built: 1, failure: undefined });
  });

  it('leave every module of ours the place that it had', async () => {
    await buildBundles(root, digests);
    const folder = join(root, 'libs/engine/dist');
    expect(JSON.parse((await run()).stdout)).toEqual([`file://${folder}/place.js`, folder]);
  });

  it('tell in a stack the line of the module, whatever bundle it is in', async () => {
    await source('libs/engine/dist/place.js', "\n\nexport const place = () => {\n  throw new Error('here');\n};");
    await source(MAIN, "import { place } from '../../../libs/engine/dist/place.js';\nplace();");
    await buildBundles(root, digests);
    await expect(run()).rejects.toMatchObject({
      stderr: expect.stringMatching(
        /Error: here\n.*libs\/engine\/dist\/place\.js:4:9\)?\n.*apps\/gateway\/dist\/main\.js:2:1/,
      ),
    });
  });

  it('are refused when a package looks for files beside itself and nobody thought of it', async () => {
    await put('node_modules/fonts/package.json', '{ "main": "index.js" }');
    await put('node_modules/fonts/index.js', "exports.file = __dirname + '/font.ttf';");
    await source(MAIN, "import { file } from 'fonts';\nconsole.log(file);");
    const { built, failure } = await buildBundles(root, digests);
    expect(built).toBe(0);
    expect(failure).toContain('asks for its own place');
    expect(failure).toContain('font.ttf');
    await expect(stat(join(root, BUNDLE))).rejects.toThrow('ENOENT');
  });

  it('are all left as they were when one of them is refused', async () => {
    await buildBundles(root, digests);
    await source('libs/engine/dist/place.js', "export const place = ['changed'];");
    await put('apps/worker/package.json', '{ "type": "module" }');
    await put('node_modules/fonts/package.json', '{ "main": "index.js" }');
    await put('node_modules/fonts/index.js', "exports.file = __dirname + '/font.ttf';");
    await source('apps/worker/dist/main.js', "import { file } from 'fonts';\nconsole.log(file);");
    expect((await buildBundles(root, digests)).failure).toContain('font.ttf');
    expect((await run()).stdout).toContain('place.js');
  });

  it('are refused when a package outside would be another version than before', async () => {
    for (const folder of ['node_modules/pdfkit', 'node_modules/paper/node_modules/pdfkit']) {
      await put(`${folder}/package.json`, '{ "main": "index.js" }');
      await put(`${folder}/index.js`, '');
    }
    const metafile = (importer: string) => ({
      inputs: {
        [importer]: { bytes: 1, imports: [{ path: 'pdfkit', kind: 'import-statement' as const, external: true }] },
      },
      outputs: { [BUNDLE]: { bytes: 1, inputs: {}, imports: [], exports: [], entryPoint: MAIN } },
    });
    expect(() => requireSamePackages(root, metafile('node_modules/paper/index.js'))).toThrow('pdfkit is another one');
    requireSamePackages(root, metafile(MAIN));
  });

  it('keep their files from being taken for leftovers', async () => {
    await buildBundles(root, digests);
    for (const file of [BUNDLE, `${BUNDLE}.map`]) {
      expect(bundleFiles(root)).toContain(join(root, file));
      await stat(join(root, file));
    }
  });
});
