import { CliError } from '../cli-error.js';
import type { Login } from './login-file.js';
import { readLogin } from './login-file.js';

/** Where `./leasehold up` listens. */
const LOCAL_URL = 'http://127.0.0.1:4000';

/** Whom to speak to and as whom: variables before what `login` has kept. @throws CliError there is no key */
export function accessOf(env: NodeJS.ProcessEnv): Login {
  const kept = readLogin(env);
  const apiKey = env['LEASEHOLD_API_KEY'] || kept?.apiKey;
  if (apiKey === undefined) {
    throw new CliError('no API key: run "leasehold login", or set LEASEHOLD_API_KEY (and LEASEHOLD_URL)');
  }
  const url = env['LEASEHOLD_URL'] || kept?.url || LOCAL_URL;
  return { url, controlUrl: env['LEASEHOLD_CONTROL_URL'] || kept?.controlUrl || controlUrlBeside(url), apiKey };
}

/** On one machine the control plane listens one port above the gateway; elsewhere nobody can know. */
export function controlUrlBeside(url: string): string | undefined {
  const { protocol, hostname, port } = new URL(url);
  const isLocal = hostname === '127.0.0.1' || hostname === 'localhost' || hostname === '[::1]';
  return isLocal && port !== '' ? `${protocol}//${hostname}:${Number(port) + 1}` : undefined;
}

/** @throws CliError it is no URL of a service */
export function checkedUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '') {
    throw new CliError(`${text} is not the URL of a service, such as https://data.example.com`);
  }
  return text.replace(/\/+$/, '');
}
