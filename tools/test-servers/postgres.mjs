import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { freePort, startServer, waitFor } from './processes.mjs';

const GUARD = resolve(import.meta.dirname, '../../apps/cli/dist/postgres/main.js');

/** The Postgres of `./leasehold up`, standing alone as one that somebody else runs. @param {string} folder */
export async function startPostgres(folder) {
  const port = await freePort();
  const password = randomBytes(16).toString('hex');
  startServer(folder, 'postgres', process.execPath, [GUARD], {
    env: {
      PATH: process.env['PATH'],
      HOST: '127.0.0.1',
      PORT: String(port),
      POSTGRES_DIR: join(folder, 'postgres'),
      POSTGRES_USER: 'test',
      POSTGRES_PASSWORD: password,
      POSTGRES_DATABASE: 'test',
    },
  });
  const log = join(folder, 'log', 'postgres.out');
  await waitFor('Postgres', 60_000, async () => readFileSync(log, 'utf8').includes('ready to accept connections'));
  return { url: `postgresql://test:${password}@127.0.0.1:${port}/test` };
}
