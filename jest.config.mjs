// One Jest for the whole repository, one lane for each kind of test (docs/testing.md). A lane is chosen by
// file name, so that a test tells its kind: `*.spec.ts`, `*.sim.spec.ts`, `*.conformance.spec.ts`,
// `*.int.spec.ts`, `e2e/*.e2e.ts`.

const shared = {
  rootDir: import.meta.dirname,
  // Node loads test files and what they import itself, once for all files of a process.
  testEnvironment: '<rootDir>/tools/jest/environment.mjs',
  runtime: '<rootDir>/tools/jest/runtime.mjs',
  injectGlobals: false,
  modulePathIgnorePatterns: ['/dist/', '/.leasehold/', '/.nx/'],
  transform: {},
};

const lane = (displayName, testMatch, testPathIgnorePatterns = [], more = {}) => ({
  ...shared,
  displayName,
  testMatch,
  testPathIgnorePatterns: ['/node_modules/', '/dist/', ...testPathIgnorePatterns],
  ...more,
});

export default {
  // Real processes and hours of virtual time on two busy cores; a test that hangs still ends.
  testTimeout: 60_000,
  testSequencer: '<rootDir>/tools/test-order.mjs',
  // Modules of finished files stay, so a worker that has grown makes room for a fresh one.
  workerIdleMemoryLimit: '1GB',
  projects: [
    lane(
      'unit',
      ['<rootDir>/{apps,libs,tools,bench,chaos,e2e,examples}/**/*.spec.ts'],
      ['\\.conformance\\.spec\\.ts$', '\\.int\\.spec\\.ts$', '\\.sim\\.spec\\.ts$'],
    ),
    lane('simulation', ['<rootDir>/libs/**/*.sim.spec.ts']),
    lane('conformance', ['<rootDir>/libs/**/*.conformance.spec.ts']),
    lane('integration', ['<rootDir>/{apps,libs}/**/*.int.spec.ts']),
    lane('e2e', ['<rootDir>/e2e/**/*.e2e.ts']),
  ],
};
