// Transpiles every project's src/ to its dist/, one file to one file. Types are checked by `npm run typecheck`, not here, so
// that a start needs a second and not a minute. Files that are not TypeScript (a page, a style sheet) are copied. Then the services
// are bundled, so that they start fast, and the console, because browsers load it.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildConsole } from './build-console.mjs';
import { buildBundles, bundleFiles } from './bundles/build-bundles.mjs';
import { withLock } from './lock.mjs';
import { swcOptions } from './swc-options.mjs';
import { writeWhole } from './write-whole.mjs';

const ROOT = resolve(import.meta.dirname, '..');
const PROJECT_FOLDERS = ['apps', 'libs'];
/** Those that stand alone at the root. */
const PROJECTS = ['bench', 'chaos'];
/** Transpiled at once; more only costs memory. */
const CONCURRENCY = 32;
const TEST_FILE = /\.(spec|e2e)\.ts$/;

/**
 * @typedef {{ mtimeMs: number, sizeBytes: number, digest: string }} Stamp
 * @typedef {{ source: string, output: string, dist: string, transpile: boolean }} Unit
 */

/**
 * @param {{ root?: string, bundles?: boolean }} [options] bundles: of the services too, which nothing needs but their start
 * @returns {Promise<{ built: number, removed: number, failures: { file: string, message: string }[] }>}
 */
export async function build({ root = ROOT, bundles = false } = {}) {
  return withLock(join(root, '.leasehold', 'build.lock'), () => buildAlone(root, bundles));
}

/** @param {string} root @param {boolean} withBundles */
async function buildAlone(root, withBundles) {
  const stampsFile = join(root, '.leasehold', 'build.json');
  const units = await findUnits(root);
  const wanted = await recipe(root);
  const known = await readStamps(stampsFile, wanted);
  /** @type {Record<string, Stamp>} */
  const stamps = {};
  const writeStamps = () => writeWhole(stampsFile, JSON.stringify({ recipe: wanted, stamps }));
  /** @type {{ unit: Unit, name: string, stamp: Stamp, content: Buffer }[]} */
  const changed = [];
  const failures = [];
  let built = 0;

  await inParallel(units, async (unit) => {
    const name = relative(root, unit.source);
    const info = await stat(unit.source).catch(() => undefined);
    if (info === undefined) return;
    const before = known.stamps[name];
    const present = await exists(unit.output);
    if (present && before && before.mtimeMs === info.mtimeMs && before.sizeBytes === info.size) {
      stamps[name] = before;
      return;
    }
    const content = await readFile(unit.source);
    const digest = createHash('sha256').update(content).digest('base64url');
    const stamp = { mtimeMs: info.mtimeMs, sizeBytes: info.size, digest };
    if (present && before?.digest === digest) stamps[name] = stamp;
    else changed.push({ unit, name, stamp, content });
  });
  // Forgotten before they are written: of a build that is killed now, and of sources that are then as they were, nothing is taken as built.
  if (changed.length > 0) await writeStamps();
  await inParallel(changed, async ({ unit, name, stamp, content }) => {
    try {
      await produce(unit, content.toString('utf8'));
      built += 1;
      stamps[name] = stamp;
    } catch (error) {
      failures.push({ file: name, message: explain(error) });
    }
  });

  const removed = await removeStrays(root, units);
  const differs = changed.length > 0 || removed > 0 || Object.keys(known.stamps).length !== Object.keys(stamps).length;
  if (differs || known.fresh || Object.keys(stamps).some((name) => stamps[name] !== known.stamps[name])) {
    await writeStamps();
  }
  // Of half a build nothing is bundled: what is started stays as it was.
  if (withBundles && failures.length === 0) {
    const bundles = await buildBundles(root, stamps);
    built += bundles.built;
    if (bundles.failure !== undefined) failures.push({ file: 'bundles of the services', message: bundles.failure });
  }
  const page = await buildConsole(root);
  if (page.built) built += 1;
  if (page.failure !== undefined) failures.push({ file: 'apps/console', message: page.failure });
  return { built, removed, failures };
}

/** Everything besides the source that decides the output. @param {string} root */
async function recipe(root) {
  const swc = JSON.parse(await readFile(join(root, 'node_modules/@swc/core/package.json'), 'utf8'));
  return JSON.stringify([swc.version, swcOptions]);
}

/** @param {string} file @param {string} wanted @returns {Promise<{ fresh: boolean, stamps: Record<string, Stamp> }>} */
async function readStamps(file, wanted) {
  try {
    const { recipe, stamps } = JSON.parse(await readFile(file, 'utf8'));
    if (recipe === wanted) return { fresh: false, stamps };
  } catch {
    // Missing or torn: everything is built anew.
  }
  return { fresh: true, stamps: {} };
}

/** @param {string} root @returns {Promise<Unit[]>} */
async function findUnits(root) {
  const units = [];
  for (const project of await findProjects(root)) {
    const src = join(project, 'src');
    const dist = join(project, 'dist');
    for (const source of await filesUnder(src)) {
      const inside = relative(src, source);
      if (TEST_FILE.test(source) || inside.endsWith('.d.ts') || inside.endsWith('.md')) continue;
      const transpile = inside.endsWith('.ts');
      units.push({ source, output: join(dist, transpile ? inside.replace(/\.ts$/, '.js') : inside), dist, transpile });
    }
  }
  return units;
}

/** @param {string} root */
async function findProjects(root) {
  const projects = [];
  for (const folder of PROJECT_FOLDERS) {
    const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(() => []);
    for (const { name } of entries.filter((entry) => entry.isDirectory())) {
      const project = join(root, folder, name);
      // What has a bundler is not transpiled file by file.
      if (!existsSync(join(project, 'vite.config.ts'))) projects.push(project);
    }
  }
  return [...projects, ...PROJECTS.map((project) => join(root, project))];
}

/** @param {string} folder @returns {Promise<string[]>} */
async function filesUnder(folder) {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** @type {Promise<typeof import('@swc/core')> | undefined} */
let compiler;

/** @param {Unit} unit @param {string} text */
async function produce(unit, text) {
  await mkdir(dirname(unit.output), { recursive: true });
  if (!unit.transpile) {
    const draft = `${unit.output}.${process.pid}.part`;
    await copyFile(unit.source, draft);
    return rename(draft, unit.output);
  }
  // Loaded only when something changed: it costs more than everything else here together.
  compiler ??= import('@swc/core');
  const swc = await compiler;
  const { code, map } = await swc.transform(text, {
    ...swcOptions,
    swcrc: false,
    configFile: false,
    sourceMaps: true,
    filename: unit.source,
    sourceFileName: relative(dirname(unit.output), unit.source),
  });
  const mapName = `${unit.output}.map`;
  await writeWhole(mapName, map ?? '');
  await writeWhole(unit.output, `${code}\n//# sourceMappingURL=${mapName.slice(dirname(mapName).length + 1)}\n`);
}

/** Outputs whose source is gone would go on being imported. @param {string} root @param {Unit[]} units */
async function removeStrays(root, units) {
  const expected = new Set(units.flatMap((unit) => [unit.output, `${unit.output}.map`]));
  for (const file of bundleFiles(root)) expected.add(file);
  let removed = 0;
  for (const project of await findProjects(root)) {
    for (const file of await filesUnder(join(project, 'dist'))) {
      if (expected.has(file)) continue;
      await rm(file, { force: true });
      removed += 1;
    }
  }
  return removed;
}

/** @param {string} file */
async function exists(file) {
  return stat(file).then(
    () => true,
    () => false,
  );
}

/** Without the compiler's own stack. @param {unknown} error */
function explain(error) {
  const message = error instanceof Error ? error.message : String(error);
  return message.split(/\n+(Caused by|Stack backtrace):/, 1)[0]?.trim() ?? message;
}

/** @template T @param {readonly T[]} items @param {(item: T) => Promise<void>} work */
async function inParallel(items, work) {
  let next = 0;
  const lane = async () => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, lane));
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const startedAt = performance.now();
  const { built, removed, failures } = await build({ bundles: true });
  for (const { file, message } of failures) console.error(`${file}: ${message}`);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.error(`built ${built} files, removed ${removed}, ${failures.length} failed, ${seconds} s`);
  if (failures.length > 0) process.exitCode = 1;
}
