// Bundles each service into one file beside its entry: most of what a start costs is the reading and linking of two thousand modules
// (docs/decisions/2026-11-28-services-start-from-one-file.md). Only those of which something changed are bundled anew.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { writeWhole } from '../write-whole.mjs';
import { BUNDLE_HEAD, modulePlaces } from './module-places.mjs';
import { OUTSIDE, requireSamePackages } from './outside-packages.mjs';
import { ownMappings } from './own-mappings.mjs';

/** What a service starts from where it is not bundled. */
const ENTRIES = [
  'apps/gateway/dist/main.js',
  'apps/worker/dist/main.js',
  'apps/compactor/dist/main.js',
  'apps/control-plane/dist/main.js',
];
const OWN_FILES = ['build-bundles', 'module-places', 'outside-packages', 'own-mappings'];
/** What decides besides the sources: the versions of packages, how sources are transpiled, and how all of it is bundled. */
const RECIPE = ['package-lock.json', 'tools/swc-options.mjs', ...OWN_FILES.map((name) => `tools/bundles/${name}.mjs`)];
/** Of npm: what is installed, which is what is bundled, and is not what the lock file asks for until npm has been called. */
const INSTALLED = 'node_modules/.package-lock.json';
/** Left in a bundle, it would be the bundle's place in a module that means its own. */
const PLACE = /^.*\b(__dirname|__filename|import\.meta\.(url|dirname|filename|resolve))\b.*$/gm;

/**
 * @typedef {Readonly<Record<string, { readonly digest: string }>>} Digests by source file
 * @typedef {{ inputs: string[], digest: string }} Known what a bundle was made of
 */

/** @param {string} entry */
const bundleOf = (entry) => entry.replace(/\.js$/, '.bundle.js');

/** @param {string} root @returns {string[]} */
export const bundleFiles = (root) =>
  ENTRIES.flatMap((entry) => [join(root, bundleOf(entry)), join(root, `${bundleOf(entry)}.map`)]);

/**
 * @param {string} root
 * @param {Digests} sources as they are built now
 * @returns {Promise<{ built: number, failure: string | undefined }>}
 */
export async function buildBundles(root, sources) {
  const stampFile = join(root, '.leasehold', 'bundles.json');
  const known = await readKnown(stampFile);
  const recipe = await recipeOf(root);
  const stale = ENTRIES.filter((entry) => {
    if (!existsSync(join(root, dirname(entry)))) return false;
    const before = known[entry];
    return (
      !before || !existsSync(join(root, bundleOf(entry))) || before.digest !== digestOf(before.inputs, sources, recipe)
    );
  });
  if (stale.length === 0) return { built: 0, failure: undefined };
  try {
    const { inputs, files } = await bundle(root, stale);
    // Forgotten before they are written: what a killed build has left is never taken for what the one before had made.
    for (const entry of stale) delete known[entry];
    await writeWhole(stampFile, JSON.stringify(known));
    for (const { path, text } of files) await writeWhole(path, text);
    for (const [entry, names] of Object.entries(inputs)) {
      known[entry] = { inputs: names, digest: digestOf(names, sources, recipe) };
    }
    await writeWhole(stampFile, JSON.stringify(known));
    return { built: stale.length, failure: undefined };
  } catch (error) {
    return { built: 0, failure: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * @param {string} root
 * @param {readonly string[]} entries
 * @returns {Promise<{ inputs: Record<string, string[]>, files: { path: string, text: string }[] }>} which of our sources are in each, and what is to
 * be written, none of it before all of it is known to be right: a map before the bundle that names it
 */
async function bundle(root, entries) {
  // Loaded only when something changed.
  const { build } = await import('esbuild');
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: entries.map((entry) => ({ in: entry, out: bundleOf(entry).replace(/\.js$/, '') })),
    outdir: root,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // As Node resolves; without it the bundler adds conditions of its own.
    conditions: [],
    tsconfigRaw: '{}',
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    banner: { js: BUNDLE_HEAD },
    external: OUTSIDE,
    plugins: [modulePlaces(root)],
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  requireSamePackages(root, metafile);
  const maps = outputFiles.filter(({ path }) => path.endsWith('.map'));
  const bundles = outputFiles.filter((file) => !maps.includes(file));
  for (const { text } of bundles) requirePlaced(text);
  return {
    inputs: Object.fromEntries(entries.map((entry) => [entry, ownSources(metafile, entry)])),
    files: [
      ...maps.map(({ path, text }) => ({ path, text: JSON.stringify(ownMap(root, dirname(path), JSON.parse(text))) })),
      ...bundles.map(({ path, text }) => ({ path, text })),
    ],
  };
}

/** @param {string} root @param {string} folder @param {import('./own-mappings.mjs').SourceMap} map */
function ownMap(root, folder, map) {
  return ownMappings(map, (source) => !relative(root, resolve(folder, source)).includes('node_modules'));
}

/** @param {string} text of a bundle */
function requirePlaced(text) {
  const found = text.slice(BUNDLE_HEAD.length).match(PLACE);
  if (found) throw new Error(`a module in a bundle asks for its own place:\n${found.join('\n')}`);
}

/**
 * Also those of which no line is left, such as an index that only names others: they decide what is in.
 * @param {import('esbuild').Metafile} metafile @param {string} entry @returns {string[]}
 */
function ownSources({ inputs }, entry) {
  const reached = new Set([entry]);
  for (const name of reached) {
    for (const { path, external } of inputs[name]?.imports ?? []) {
      if (!external && !path.includes('node_modules/')) reached.add(path);
    }
  }
  return [...reached].map((name) => name.replace('/dist/', '/src/').replace(/\.js$/, '.ts')).sort();
}

/** @param {readonly string[]} names @param {Digests} sources @param {string} recipe */
function digestOf(names, sources, recipe) {
  const hash = createHash('sha256').update(recipe);
  for (const name of names) hash.update(`\0${name}\0${sources[name]?.digest ?? ''}`);
  return hash.digest('base64url');
}

/** @param {string} root */
async function recipeOf(root) {
  const hash = createHash('sha256');
  for (const name of RECIPE) hash.update(await readFile(join(root, name)));
  hash.update(await readFile(join(root, INSTALLED)).catch(() => ''));
  // What a project exports decides which of its modules are taken.
  for (const folder of ['apps', 'libs']) {
    for (const project of (await readdir(join(root, folder))).sort()) {
      hash.update(await readFile(join(root, folder, project, 'package.json')).catch(() => ''));
    }
  }
  return hash.digest('base64url');
}

/** @param {string} file @returns {Promise<Record<string, Known>>} */
async function readKnown(file) {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    // Missing or torn: everything is bundled anew.
    return {};
  }
}
