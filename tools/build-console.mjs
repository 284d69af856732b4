// Bundles apps/console with Vite into apps/console/dist, which the control plane serves. Skipped while what goes into it is as
// it was: bundling costs more than everything else of a build together.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

/** What the bundle is made of. */
const SOURCES = ['apps/console', 'libs/client/src', 'libs/billing/src', 'libs/protocol/src'];
/** The packages, and how they are bundled. */
const RECIPE = ['package-lock.json', 'tools/build-console.mjs'];
/** Neither goes into the bundle. */
const LEFT_OUT = /(^|\/)(dist|node_modules)\/|\.spec\.ts$|\.md$/;

/**
 * @param {string} root
 * @returns {Promise<{ built: boolean, failure: string | undefined }>}
 */
export async function buildConsole(root) {
  const project = join(root, 'apps', 'console');
  if (!existsSync(join(project, 'vite.config.ts'))) return { built: false, failure: undefined };
  const stampFile = join(root, '.leasehold', 'console.stamp');
  const wanted = await stampOf(root);
  const dist = join(project, 'dist');
  const known = await readFile(stampFile, 'utf8').catch(() => undefined);
  if (known === wanted && existsSync(join(dist, 'index.html'))) return { built: false, failure: undefined };
  const draft = join(root, '.leasehold', `console-${process.pid}`);
  try {
    await bundle(project, draft);
    // Forgotten first: what a killed build has left is never taken for what the one before had made.
    await rm(stampFile, { force: true });
    // Whole or not at all: a control plane may be starting from these files.
    await rm(dist, { recursive: true, force: true });
    await rename(draft, dist);
    await mkdir(dirname(stampFile), { recursive: true });
    await writeFile(stampFile, wanted);
    return { built: true, failure: undefined };
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    return { built: false, failure: error instanceof Error ? error.message : String(error) };
  }
}

/** @param {string} project @param {string} outDir */
async function bundle(project, outDir) {
  const { build } = await import('vite');
  const { NODE_ENV } = process.env;
  // Vite takes it from whoever calls, and a test would get the React of developers, which is twice as large.
  process.env.NODE_ENV = 'production';
  try {
    await build({ root: project, mode: 'production', logLevel: 'silent', build: { outDir, emptyOutDir: true } });
  } finally {
    if (NODE_ENV === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = NODE_ENV;
  }
}

/** @param {string} root */
async function stampOf(root) {
  const hash = createHash('sha256');
  for (const name of RECIPE) hash.update(await readFile(join(root, name)));
  for (const folder of SOURCES) {
    const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(root, join(entry.parentPath, entry.name)))
      .filter((name) => !LEFT_OUT.test(name))
      .sort();
    for (const name of files) hash.update(`\0${name}\0`).update(await readFile(join(root, name)));
  }
  return hash.digest('base64url');
}
