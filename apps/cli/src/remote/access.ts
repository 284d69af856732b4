import { parseUrl } from '@leasehold/foundation';

import { CliError } from '../cli-error.js';
import type { Login } from './login-file.js';
import { readLogin } from './login-file.js';

/** Where `./leasehold up` listens. */
const LOCAL_URL = 'http://127.0.0.1:4000';

/**
 * Whom to speak to and as whom: variables before what `login` has kept. That counts only where it was kept for: a key never goes to another URL.
 * @throws CliError there is no key
 */
export function accessOf(env: NodeJS.ProcessEnv): Login {
  const { url, kept, apiKey } = keysOf(env);
  const controlUrl = env['LEASEHOLD_CONTROL_URL'];
  const given = controlUrl ? checkedUrl(controlUrl) : kept?.controlUrl;
  return { url, controlUrl: given ?? controlUrlBeside(url), apiKey };
}

/** The same of the control plane. @throws CliError there is no key for it, or nobody knows where it is */
export function controlAccessOf(env: NodeJS.ProcessEnv): { readonly url: string; readonly apiKey: string } {
  const { controlUrl, apiKey } = accessOf(env);
  if (controlUrl === undefined) {
    throw new CliError(
      'where is the control plane? give --control-url to "leasehold login", or set LEASEHOLD_CONTROL_URL',
    );
  }
  const { kept } = keysOf(env);
  const isKeptKey = !env['LEASEHOLD_API_KEY'];
  if (isKeptKey && kept?.controlUrl !== undefined && !isSame(kept.controlUrl, controlUrl)) {
    throw new CliError(`the key that is kept is for ${kept.controlUrl}; set LEASEHOLD_API_KEY for ${controlUrl}`);
  }
  return { url: controlUrl, apiKey };
}

/** Of the gateway that `login` asks: what it is told, before the variable. */
export function loginUrlOf(option: string | undefined, env: NodeJS.ProcessEnv): string {
  return option ?? (env['LEASEHOLD_URL'] || LOCAL_URL);
}

function keysOf(env: NodeJS.ProcessEnv): { readonly url: string; readonly kept?: Login; readonly apiKey: string } {
  const login = readLogin(env);
  const url = checkedUrl(env['LEASEHOLD_URL'] || login?.url || LOCAL_URL);
  const kept = login !== undefined && isSame(login.url, url) ? login : undefined;
  const apiKey = env['LEASEHOLD_API_KEY'] || kept?.apiKey;
  if (apiKey !== undefined) return { url, apiKey, ...(kept && { kept }) };
  if (login === undefined) {
    throw new CliError('no API key: run "leasehold login", or set LEASEHOLD_API_KEY (and LEASEHOLD_URL)');
  }
  throw new CliError(`the key that is kept is for ${login.url}; set LEASEHOLD_API_KEY for ${url}`);
}

function isSame(url: string, other: string): boolean {
  return url.replace(/\/+$/, '') === other.replace(/\/+$/, '');
}

/** On one machine the control plane listens one port above the gateway; elsewhere nobody can know. */
export function controlUrlBeside(url: string): string | undefined {
  const { protocol, hostname, port } = new URL(url);
  const isLocal = hostname === '127.0.0.1' || hostname === 'localhost' || hostname === '[::1]';
  return isLocal && port !== '' ? `${protocol}//${hostname}:${Number(port) + 1}` : undefined;
}

/** @throws CliError it is no URL of a service */
export function checkedUrl(text: string): string {
  const url = parseUrl(text);
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '') {
    throw new CliError(`${text} is not the URL of a service, such as https://data.example.com`);
  }
  return text.replace(/\/+$/, '');
}
