// Makes a checkout runnable: dependencies, the generated database client, the build. Each step is skipped when its inputs are
// the same as last time, so that a start on a prepared checkout loses a fraction of a second here.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { withLock } from './lock.mjs';

const ROOT = resolve(import.meta.dirname, '..');
const INSTALL_STAMP = join(ROOT, 'node_modules', '.leasehold-install');
const CLIENT_STAMP = join(ROOT, '.leasehold', 'client.stamp');
const METADATA = join(ROOT, 'libs', 'metadata');
/** Shown of a failed step: npm explains at the start and then goes on, most others explain at the end. */
const FAILURE_HEAD_LINES = 12;
const FAILURE_TAIL_LINES = 20;
const OUTPUT_LIMIT_CHARS = 1_000_000;

/** A failure whose message is all that there is to say. */
class SetupError extends Error {}

/** @param {string} line */
const say = (line) => process.stderr.write(`leasehold: ${line}\n`);

/** @param {...(string | Buffer)} parts */
function digest(...parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('base64url');
}

/** @param {string} file */
const stampOf = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : undefined);

/** @param {string} file @param {string} stamp */
function writeStamp(file, stamp) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.${process.pid}`, stamp);
  renameSync(`${file}.${process.pid}`, file);
}

/** @param {string} output */
function excerpt(output) {
  const lines = output.trimEnd().split('\n');
  if (lines.length <= FAILURE_HEAD_LINES + FAILURE_TAIL_LINES) return lines.join('\n');
  return [...lines.slice(0, FAILURE_HEAD_LINES), '…', ...lines.slice(-FAILURE_TAIL_LINES)].join('\n');
}

/**
 * Runs a command quietly; its output is shown only if it fails.
 * @param {string} what
 * @param {string} command
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<void>}
 */
function run(what, command, args, env = process.env) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (/** @type {Buffer} */ chunk) => {
      output = (output + chunk.toString('utf8')).slice(-OUTPUT_LIMIT_CHARS);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const stop = (/** @type {NodeJS.Signals} */ signal) => child.kill(signal);
    process.once('SIGINT', stop).once('SIGTERM', stop);
    child.once('error', (error) => fail(new SetupError(`${what} failed: ${error.message}`)));
    child.once('close', (code, signal) => {
      process.off('SIGINT', stop).off('SIGTERM', stop);
      if (code === 0) return done();
      fail(new SetupError(`${excerpt(output)}\n${what} failed (${signal ?? `exit code ${code}`})`));
    });
  });
}

async function installDependencies() {
  const wanted = digest(readFileSync(join(ROOT, 'package-lock.json')), process.platform, process.arch);
  if (stampOf(INSTALL_STAMP) === wanted) return;
  if (existsSync(join(ROOT, 'node_modules')) && (await sameAsInstalled())) return writeStamp(INSTALL_STAMP, wanted);
  say('installing dependencies (once, about a minute)');
  const env = { ...process.env, npm_config_loglevel: 'error', npm_config_engine_strict: 'false' };
  await run('npm ci', 'npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], env);
  writeStamp(INSTALL_STAMP, wanted);
}

/** Whether npm itself left what the lock file asks for: then a hand-made `npm ci` or `npm install` is not repeated. */
async function sameAsInstalled() {
  const hidden = join(ROOT, 'node_modules', '.package-lock.json');
  if (!existsSync(hidden)) return false;
  const installed = JSON.parse(readFileSync(hidden, 'utf8')).packages;
  const locked = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages;
  for (const [path, { version, optional, link }] of Object.entries(locked)) {
    if (path === '' || link || !path.includes('node_modules/')) continue;
    // Optional packages of other platforms are rightly absent.
    if (installed[path] === undefined ? !optional : installed[path].version !== version) return false;
  }
  return true;
}

async function generateClient() {
  const script = join(METADATA, 'generate.mjs');
  if (!existsSync(script)) return;
  const entries = await readdir(METADATA, { withFileTypes: true, recursive: true });
  const inputs = entries
    .filter((entry) => entry.isFile() && /\.(prisma|mjs)$|prisma\.config\.ts$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !/node_modules|\/dist\/|\/generated\//.test(file))
    .sort();
  const contents = await Promise.all(inputs.map((file) => readFile(file)));
  const prisma = readFileSync(join(ROOT, 'node_modules/prisma/package.json'));
  const wanted = digest(prisma, ...contents);
  if (stampOf(CLIENT_STAMP) === wanted && existsSync(join(METADATA, 'src', 'generated'))) return;
  say('generating the database client');
  await run('generating the database client', process.execPath, [script]);
  writeStamp(CLIENT_STAMP, wanted);
}

async function buildProjects() {
  const { build } = await import('./build.mjs');
  const startedAt = performance.now();
  const { built, failures } = await build({ bundles: true });
  if (failures.length > 0) {
    throw new SetupError(
      [...failures.map(({ file, message }) => `${file}: ${message}`), 'the build failed'].join('\n'),
    );
  }
  if (built > 0) say(`built ${built} files in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
}

try {
  await withLock(
    join(ROOT, '.leasehold', 'setup.lock'),
    async () => {
      await installDependencies();
      await generateClient();
      await buildProjects();
    },
    { onWait: (holder) => say(`waiting for another set-up of this checkout (process ${holder})`) },
  );
} catch (error) {
  const { code, path, message, stack } = /** @type {NodeJS.ErrnoException} */ (error);
  if (error instanceof SetupError) say(message);
  else if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') say(`no right to write ${path}`);
  else if (code === 'ENOSPC') say('no space left on the disk');
  else say(stack ?? String(error));
  process.exitCode = 1;
}
