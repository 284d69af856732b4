// Checks the types of one project: node tools/typecheck.mjs libs/engine
import { dirname, relative, resolve } from 'node:path';
import ts from 'typescript';

const ROOT = resolve(import.meta.dirname, '..');
const project = process.argv[2];
if (project === undefined) {
  console.error('usage: node tools/typecheck.mjs <project folder>');
  process.exit(2);
}
const own = resolve(ROOT, project, 'tsconfig.json');
const parsed = ts.sys.fileExists(own) ? byOwnSettings() : bySharedSettings();
const program = ts.createProgram(parsed.fileNames, parsed.options);
const diagnostics = ts.getPreEmitDiagnostics(program);
process.stderr.write(
  ts.formatDiagnostics(diagnostics, {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => ROOT,
    getNewLine: () => '\n',
  }),
);
process.exitCode = diagnostics.length > 0 ? 1 : 0;

/** Of a project that runs elsewhere than all others: in browsers. */
function byOwnSettings() {
  return ts.parseJsonConfigFileContent(ts.readConfigFile(own, ts.sys.readFile).config, ts.sys, dirname(own));
}

function bySharedSettings() {
  const { config } = ts.readConfigFile(resolve(ROOT, 'tsconfig.json'), ts.sys.readFile);
  const include = [`${relative(ROOT, resolve(project))}/src/**/*.ts`];
  return ts.parseJsonConfigFileContent({ ...config, include }, ts.sys, ROOT);
}
