import { Resolver } from 'node:dns/promises';

import type { Resolve } from './resolve.js';

/** Of the first attempt at a server; the second waits twice as long. */
const TIMEOUT_MS = 1_000;
const TRIES = 2;

/**
 * Asks the name servers of this machine for what the public DNS says: names are whole, no suffix is tried behind them, and no file of hosts is read.
 *
 * `lookup` was rejected for names of tenants: it holds a thread until the server answers, and the process has two for that. Four names of a
 * server that is silent held up every other look-up, those of the bucket and of Postgres too, for 20 s.
 *
 * @param servers for tests: `127.0.0.1:5353`
 */
export function publicNames(servers?: readonly string[]): Resolve {
  return async (name) => {
    // Of its own: another port for each question, and what the machine says of its servers by now.
    const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
    if (servers !== undefined) resolver.setServers(servers);
    const [v4, v6] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    if (v4.status === 'rejected' && v6.status === 'rejected') throw v4.reason;
    return [...found(v4, 4), ...found(v6, 6)];
  };
}

function found(answer: PromiseSettledResult<readonly string[]>, family: number) {
  return answer.status === 'rejected' ? [] : answer.value.map((address) => ({ address, family }));
}
