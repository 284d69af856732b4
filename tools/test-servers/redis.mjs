import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, output, requireCommands, startServer, waitFor } from './processes.mjs';

/** A Redis that keeps nothing and refuses to evict, as the queue needs it. @param {string} folder */
export async function startRedis(folder) {
  requireCommands(['redis-server', 'redis-cli'], 'apt-get install redis-server');
  const port = String(await freePort());
  const data = join(folder, 'redis');
  mkdirSync(data, { recursive: true });
  startServer(folder, 'redis', 'redis-server', [
    ...['--port', port, '--bind', '127.0.0.1', '--dir', data],
    ...['--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'],
  ]);
  await waitFor('Redis', 15_000, async () => (await output('redis-cli', ['-p', port, 'ping'])).trim() === 'PONG');
  return { url: `redis://127.0.0.1:${port}` };
}
