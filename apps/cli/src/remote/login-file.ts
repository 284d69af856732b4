import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

import { CliError } from '../cli-error.js';

/** What `login` keeps, readable by its owner alone. */
export interface Login {
  /** Of a gateway. */
  readonly url: string;
  /** Of the control plane; undefined: there is none to speak to. */
  readonly controlUrl: string | undefined;
  readonly apiKey: string;
}

export function loginPath(env: NodeJS.ProcessEnv): string {
  return join(env['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'leasehold', 'login.json');
}

/** Undefined: nobody has logged in. @throws CliError the file is there and cannot be used */
export function readLogin(env: NodeJS.ProcessEnv): Login | undefined {
  const path = loginPath(env);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new CliError(`${path} cannot be read`, 1, { cause: error });
  }
  const login = parsed(text);
  if (login === undefined) throw new CliError(`${path} is damaged; "leasehold login" writes it anew`);
  return login;
}

export function writeLogin(login: Login, env: NodeJS.ProcessEnv): void {
  const path = loginPath(env);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const next = `${path}.${process.pid}`;
  writeFileSync(next, `${JSON.stringify(login, undefined, 2)}\n`, { mode: 0o600 });
  chmodSync(next, 0o600);
  renameSync(next, path);
}

export function removeLogin(env: NodeJS.ProcessEnv): void {
  rmSync(loginPath(env), { force: true });
}

function parsed(text: string): Login | undefined {
  try {
    const { url, controlUrl, apiKey } = JSON.parse(text) as Record<string, unknown>;
    if (typeof url !== 'string' || typeof apiKey !== 'string') return undefined;
    return { url, controlUrl: typeof controlUrl === 'string' ? controlUrl : undefined, apiKey };
  } catch {
    return undefined;
  }
}
