import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { processIdentity } from '../lock.mjs';

const POLL_MS = 200;
const STOP_LIMIT_MS = 10_000;
/** One line for each started process: its identity and name, in the order of starting. */
const REGISTER = 'processes';

/**
 * Starts a server that outlives us and notes it in the folder, for {@link stopAll}.
 * @param {string} folder @param {string} name @param {string} command @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv }} [options]
 */
export function startServer(folder, name, command, args, options = {}) {
  mkdirSync(join(folder, 'log'), { recursive: true });
  const log = openSync(join(folder, 'log', `${name}.out`), 'a');
  const child = spawn(command, args, { detached: true, stdio: ['ignore', log, log], env: options.env ?? process.env });
  child.once('error', (error) => appendFileSync(log, `${error.message}\n`));
  if (child.pid === undefined) throw new Error(`cannot start ${command}`);
  appendFileSync(join(folder, REGISTER), `${processIdentity(child.pid)} ${name}\n`);
  child.unref();
}

/** Ends what was started in the folder, the last first; a number that now belongs to somebody else is left alone. @param {string} folder */
export async function stopAll(folder) {
  const register = join(folder, REGISTER);
  if (!existsSync(register)) return;
  const started = readFileSync(register, 'utf8').trim().split('\n').reverse();
  for (const line of started) {
    const [identity = ''] = line.split(' ');
    const pid = Number.parseInt(identity, 10);
    if (processIdentity(pid) !== identity) continue;
    process.kill(pid, 'SIGTERM');
    const deadline = Date.now() + STOP_LIMIT_MS;
    while (processIdentity(pid) === identity) {
      if (Date.now() > deadline) process.kill(pid, 'SIGKILL');
      await sleep(POLL_MS / 4);
    }
  }
}

/** @param {string} command @param {readonly string[]} args @param {{ timeoutMs?: number }} [options] @returns {Promise<string>} */
export function output(command, args, { timeoutMs = 30_000 } = {}) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => (out += chunk));
    child.stderr.on('data', (chunk) => (err += chunk));
    child.once('error', fail);
    child.once('close', (code) => {
      if (code === 0) done(out);
      else fail(new Error(`${command} ${args.join(' ')} failed (${code}): ${err.trim().slice(-2000)}`));
    });
  });
}

/**
 * @param {string} what @param {number} limitMs @param {() => Promise<boolean>} check
 */
export async function waitFor(what, limitMs, check) {
  const deadline = Date.now() + limitMs;
  while (!(await check().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`${what} did not come up within ${limitMs / 1000} s`);
    await sleep(POLL_MS);
  }
}

/** @returns {Promise<number>} */
export function freePort() {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => done(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** @param {string} command */
export function onPath(command) {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, command)).find((file) => existsSync(file));
}

/** @param {readonly string[]} commands @param {string} remedy */
export function requireCommands(commands, remedy) {
  const missing = commands.filter((command) => onPath(command) === undefined);
  if (missing.length > 0) throw new Error(`${missing.join(', ')} not found: ${remedy}`);
}
