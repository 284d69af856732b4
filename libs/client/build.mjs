// Makes the folder that is published as @leasehold/client: one bundle for each entry, what they share beside them, and their types.
// `node libs/client/build.mjs [folder]`; prints one line of JSON with the folder and the sizes of the bundles.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import ts from 'typescript';

const HERE = import.meta.dirname;
const ROOT = resolve(HERE, '../..');
const SOURCES = join(HERE, 'src');
const ENTRIES = { index: 'index.ts', control: 'control/index.ts' };
/** What browsers, Node 20, Deno, Bun and edge runtimes of the last years run as it is. */
const TARGET = 'es2022';

/** The same for all that is bundled here. @type {import('esbuild').BuildOptions} */
const bundling = { bundle: true, minify: true, format: 'esm', target: TARGET, platform: 'neutral', logLevel: 'silent' };

/** @param {string} folder */
async function buildPackage(folder) {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const entryPoints = Object.entries(ENTRIES).map(([out, source]) => ({ in: join(SOURCES, source), out }));
  const outdir = join(folder, 'dist');
  // Errors are the same classes whichever entry they come from, so what the entries share is there once.
  await build({ ...bundling, entryPoints, outdir, splitting: true, chunkNames: 'shared-[hash]' });
  emitTypes(join(folder, 'dist', 'types'));
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(await manifest(), undefined, 2)}\n`);
  await writeFile(join(folder, 'README.md'), await readFile(join(HERE, 'README.md')));
}

async function manifest() {
  const { name, version } = JSON.parse(await readFile(join(HERE, 'package.json'), 'utf8'));
  const { license } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  const entry = (/** @type {string} */ file, /** @type {string} */ types) => ({
    types: `./dist/types/${types}.d.ts`,
    default: `./dist/${file}.js`,
  });
  return {
    name,
    version,
    description: 'A database per tenant, on object storage: the TypeScript client.',
    license,
    type: 'module',
    sideEffects: false,
    exports: {
      '.': entry('index', 'index'),
      './control': entry('control', 'control/index'),
      './package.json': './package.json',
    },
    // For resolvers that know no exports, such as that of TypeScript that is called `node`.
    main: './dist/index.js',
    types: './dist/types/index.d.ts',
    typesVersions: { '*': { control: ['./dist/types/control/index.d.ts'] } },
    files: ['dist'],
    // A package with a scope is for its owners alone where nothing is said.
    publishConfig: { access: 'public' },
    engines: { node: '>=20.19' },
  };
}

/** @param {string} outDir */
function emitTypes(outDir) {
  const config = ts.readConfigFile(join(ROOT, 'tsconfig.base.json'), ts.sys.readFile).config;
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT);
  const program = ts.createProgram(
    Object.values(ENTRIES).map((source) => join(SOURCES, source)),
    {
      ...options,
      // Of Node's own things nothing is there, so that nothing of them is used.
      lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'],
      types: [],
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      stripInternal: true,
      rootDir: SOURCES,
      outDir,
    },
  );
  const diagnostics = [...ts.getPreEmitDiagnostics(program), ...program.emit().diagnostics];
  if (diagnostics.length === 0) return;
  const host = { getCanonicalFileName: String, getCurrentDirectory: () => ROOT, getNewLine: () => '\n' };
  throw new Error(ts.formatDiagnostics(diagnostics, host));
}

/** Of everything that an entry exports, as a bundler puts it into an application: minified and gzipped. */
async function bundleBytes() {
  const sizes = await Promise.all(
    Object.entries(ENTRIES).map(async ([name, source]) => {
      const { outputFiles = [] } = await build({ ...bundling, entryPoints: [join(SOURCES, source)], write: false });
      return [name, gzipSync(outputFiles[0]?.contents ?? new Uint8Array(0), { level: 9 }).byteLength];
    }),
  );
  return Object.fromEntries(sizes);
}

const folder = resolve(process.argv[2] ?? join(ROOT, '.leasehold', 'packages', 'client'));
await buildPackage(folder);
console.log(JSON.stringify({ folder, bundleBytes: await bundleBytes() }));
