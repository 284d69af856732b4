import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { Leasehold } from './src/leasehold.js';
import { shellExamples } from './src/shell-examples.js';

const README = path.resolve(import.meta.dirname, '../README.md');
const TIMEOUT_MS = 60_000;
/** The change feed never ends by itself; it has what was written before right at its start. */
const FEED_SECONDS = 3;
const FEED = /^curl -N /;

describe('the first requests of the README', () => {
  let leasehold: Leasehold;

  beforeAll(async () => {
    leasehold = await Leasehold.up();
  }, 120_000);
  afterAll(() => leasehold?.stop(), 60_000);

  it('work as they stand there, one after the other, and print what is said', async () => {
    const examples = shellExamples(await readFile(README, 'utf8'), 'First requests');
    const variables: string[] = [];
    const printed: string[] = [];
    let version = '';
    for (const { command, prints } of examples) {
      const [, name, value = ''] = /^([A-Z]+)=(\S*)/.exec(command) ?? [];
      if (name !== undefined) {
        // What is left out there is in the answer before.
        variables.push(`${name}=${value.endsWith('…') ? secretIn(printed.at(-1) ?? '') : here(value)}`);
        continue;
      }
      const answer = await shell([...variables, here(command).replace('<version>', version)], FEED.test(command));
      printed.push(answer);
      if (FEED.test(command)) {
        for (const key of ['greeting', 'orders/17'])
          expect({ command, answer }).toHaveProperty('answer', expect.stringContaining(key));
      } else if (prints === undefined) {
        expect({ command, answer }).toHaveProperty('answer', expect.not.stringMatching(/"status":\d/));
      } else {
        expect({ command, answer }).toHaveProperty('answer', expect.stringMatching(patternOf(prints)));
      }
      if (command.includes("--data-binary 'hello'")) version = (JSON.parse(answer) as { version: string }).version;
      if (command.includes('?at=')) expect(answer).toBe('hello');
    }
    expect(variables.map((line) => line.split('=')[0])).toEqual(['TOKEN', 'KEY', 'DB']);
    expect(printed.length).toBeGreaterThanOrEqual(13);
  }, 180_000);

  /** With the addresses of this stack instead of those that people read. */
  function here(text: string): string {
    const { controlPlane, gateway } = leasehold.ready;
    return text.replaceAll('http://127.0.0.1:4001', controlPlane).replaceAll('http://127.0.0.1:4000', gateway);
  }
});

async function shell(lines: readonly string[], isFeed: boolean): Promise<string> {
  const curl = `curl() { command curl --noproxy '*' ${isFeed ? `--max-time ${FEED_SECONDS}` : ''} "$@"; }`;
  const script = [curl, ...lines].join('\n');
  const run = promisify(execFile)('bash', ['-uc', script], { timeout: TIMEOUT_MS });
  // A feed is cut off here, and curl says so by its code.
  const { stdout } = isFeed ? await run.catch((cause: { stdout: string }) => cause) : await run;
  return stdout;
}

/** The secret that an answer shows once. */
function secretIn(answer: string): string {
  const { token, key } = JSON.parse(answer) as { token?: string; key?: string };
  return token ?? key ?? '';
}

/** A number is the status of a refusal; `…` stands for anything. */
function patternOf(prints: string): RegExp {
  if (/^\d{3}$/.test(prints)) return new RegExp(`"status":${prints}\\b`);
  const parts = prints.split('…').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}
