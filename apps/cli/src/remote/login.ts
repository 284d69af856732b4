import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

import { connect, NotFoundError } from '@leasehold/client';

import { CliError } from '../cli-error.js';
import { checkedUrl, controlUrlBeside, loginUrlOf } from './access.js';
import { explainRefusal } from './explain-refusal.js';
import { isConfined } from './known-stats.js';
import { loginPath, writeLogin } from './login-file.js';
import type { Output } from './output.js';

export interface LoginOptions {
  /** By default LEASEHOLD_URL, or the one here. */
  readonly url?: string | undefined;
  readonly controlUrl?: string | undefined;
}

/** No database has this name: whoever may read gets to hear that there is none, and whoever may not, that. */
const NO_DATABASE = 'no-such-database';
const MAX_KEY_CHARS = 1_024;

/** Keeps an API key for the commands to come, once a gateway has accepted it. The key is read, never an argument: those are seen by all. */
export async function login(options: LoginOptions, env: NodeJS.ProcessEnv, output: Output): Promise<void> {
  const url = checkedUrl(loginUrlOf(options.url, env));
  const controlUrl = options.controlUrl === undefined ? controlUrlBeside(url) : checkedUrl(options.controlUrl);
  const apiKey = env['LEASEHOLD_API_KEY'] || (await readKey());
  if (apiKey === '' || apiKey.length > MAX_KEY_CHARS) throw new CliError('no API key was given');
  await connect({ url, key: apiKey, database: NO_DATABASE, retries: { attempts: 2 } })
    .stats()
    .catch((error: unknown) => {
      if (!(error instanceof NotFoundError) && !isConfined(error)) throw explainRefusal(error);
    });
  writeLogin({ url, controlUrl, apiKey }, env);
  if (output.json) await output.line(JSON.stringify({ url, controlUrl: controlUrl ?? null, keptIn: loginPath(env) }));
  else output.say(`logged in to ${url}; the key is kept in ${loginPath(env)}`);
}

/** From a terminal without being shown; else the first line of what is piped in. */
async function readKey(): Promise<string> {
  const { stdin, stderr } = process;
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: silent, terminal: stdin.isTTY });
  try {
    if (stdin.isTTY) {
      stderr.write('API key: ');
      const answer = await lines.question('');
      stderr.write('\n');
      return answer.trim();
    }
    for await (const line of lines) return line.trim();
    return '';
  } finally {
    lines.close();
  }
}
