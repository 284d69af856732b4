// Makes the folder that is published as @leasehold/local: one bundle of the services and of what they stand on, its types, and the licences of what is
// inside (docs/decisions/2026-11-28-local-is-published-whole.md). `node libs/local/build.mjs [folder]`; prints one line of JSON with the folder.
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build as bundle } from 'esbuild';
import { build } from '../../tools/build.mjs';

const SOURCE = import.meta.dirname;
const ROOT = resolve(SOURCE, '../..');
/** What has machine code, and what a program that uses the package imports as well: there may be one of it only. */
const DEPENDENCIES = ['@leasehold/client', 'lz4-napi'];
/** What Nest looks for and does without. It must not find that of the program beside it, which would bring its own Nest. */
const ABSENT =
  /^(@nestjs\/(microservices|websockets|platform-express)|@fastify\/(static|view|multipart)|class-(validator|transformer)|pg-native)(\/|$)/;
/** Declarations that the package shows; the build fails when one of them needs another. */
const DECLARATIONS = ['index', 'local', 'local-options', 'start-local'];
/** CommonJS inside of the bundle asks for Node's own modules. */
const REQUIRE = `import { createRequire as createRequireOfBundle } from 'node:module';
const require = createRequireOfBundle(import.meta.url);`;

/** @param {string} folder */
async function buildPackage(folder) {
  const { failures } = await build();
  if (failures.length > 0) throw new Error(`not built: ${failures.map(({ file }) => file).join(', ')}`);
  const dist = join(folder, 'dist');
  await rm(folder, { recursive: true, force: true });
  await mkdir(dist, { recursive: true });
  const inside = await bundleServices(dist);
  await writeDeclarations(dist);
  await writeFile(join(folder, 'THIRD-PARTY-LICENSES.txt'), await licencesOf(inside));
  await cp(join(SOURCE, 'README.md'), join(folder, 'README.md'));
  await writeFile(join(folder, 'package.json'), JSON.stringify(await manifest(), undefined, 2));
}

/** @param {string} outdir @returns {Promise<readonly string[]>} folders of the packages that are in it */
async function bundleServices(outdir) {
  const { metafile } = await bundle({
    entryPoints: [join(SOURCE, 'dist', 'index.js')],
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    minifyWhitespace: true,
    legalComments: 'none',
    banner: { js: REQUIRE },
    external: DEPENDENCIES,
    plugins: [{ name: 'absent', setup: leaveOutAbsent }],
    metafile: true,
    logLevel: 'error',
    absWorkingDir: ROOT,
  });
  const folders = Object.keys(metafile.inputs).flatMap(
    (file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? [],
  );
  return [...new Set(folders)].sort();
}

/** @param {import('esbuild').PluginBuild} plugin */
function leaveOutAbsent(plugin) {
  plugin.onResolve({ filter: ABSENT }, ({ path }) => ({ path, namespace: 'absent' }));
  plugin.onLoad({ filter: /.*/, namespace: 'absent' }, ({ path }) => ({
    contents: `throw Object.assign(new Error('not a part of this package: ${path}'), { code: 'ERR_MODULE_NOT_FOUND' });`,
  }));
}

/** Each from its own source alone: what is public says its types. @param {string} outdir */
async function writeDeclarations(outdir) {
  const { default: typescript } = await import('typescript');
  const known = new Set([...DECLARATIONS.map((name) => `./${name}.js`), ...DEPENDENCIES]);
  for (const name of DECLARATIONS) {
    const fileName = join(SOURCE, 'src', `${name}.ts`);
    const compilerOptions = { target: typescript.ScriptTarget.ES2023, module: typescript.ModuleKind.NodeNext };
    const options = { fileName, compilerOptions, reportDiagnostics: true };
    const { outputText, diagnostics = [] } = typescript.transpileDeclaration(await readFile(fileName, 'utf8'), options);
    if (diagnostics.length > 0)
      throw new Error(`${name}.ts leaves types to be inferred: ${diagnostics[0]?.messageText}`);
    for (const [, from = ''] of outputText.matchAll(/from '([^']+)'/g)) {
      if (!known.has(from)) throw new Error(`the public types of ${name}.ts need what is not published: ${from}`);
    }
    await writeFile(join(outdir, `${name}.d.ts`), outputText);
  }
}

async function manifest() {
  const [root, local, client] = await Promise.all(
    [ROOT, SOURCE, join(ROOT, 'libs', 'client')].map(async (folder) =>
      JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')),
    ),
  );
  return {
    name: local.name,
    version: local.version,
    description:
      'A database per tenant on object storage: the whole service in your process, for tests, scripts and functions.',
    license: root.license,
    type: 'module',
    engines: { node: root.engines.node },
    exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
    main: './dist/index.js',
    types: './dist/index.d.ts',
    files: ['dist', 'THIRD-PARTY-LICENSES.txt'],
    publishConfig: { access: 'public' },
    dependencies: { '@leasehold/client': client.version, 'lz4-napi': root.dependencies['lz4-napi'] },
  };
}

/** @param {readonly string[]} folders */
async function licencesOf(folders) {
  const texts = await Promise.all(
    folders.map(async (folder) => {
      const { name, version, license } = JSON.parse(await readFile(join(ROOT, folder, 'package.json'), 'utf8'));
      const files = (await readdir(join(ROOT, folder))).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
      const contents = await Promise.all(
        files.map((file) => readFile(join(ROOT, folder, file), 'utf8').catch(() => '')),
      );
      return [`${name} ${version} (${license})`, ...contents].join('\n\n').trim();
    }),
  );
  return `${texts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

const folder = resolve(process.argv[2] ?? join(ROOT, '.leasehold', 'packages', 'local'));
await buildPackage(folder);
console.log(JSON.stringify({ folder }));
