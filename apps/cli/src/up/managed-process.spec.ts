import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LogFile } from './log-file.js';
import { ManagedProcess } from './managed-process.js';

const SERVICE = `
  const server = require('node:http').createServer((request, answer) => answer.end(String(process.pid)));
  server.listen(Number(process.env.PORT), '127.0.0.1', () => {
    process.send({ type: 'ready', url: 'http://127.0.0.1:' + server.address().port });
  });
  const end = () => process.exit(0);
  if (process.env.DEAF !== 'yes') process.on('SIGTERM', end).on('disconnect', end);
  else process.on('SIGTERM', () => undefined);
`;
const BROKEN = `console.log('a first line'); console.error('the port is made of cheese'); process.exit(3);`;

describe('managed process', () => {
  let folder: string;
  let said: string[];
  let managed: ManagedProcess | undefined;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lh-managed-'));
    said = [];
  });
  afterEach(async () => {
    await managed?.kill();
    managed?.close();
    rmSync(folder, { recursive: true });
  });

  function manage(source: string, env: Record<string, string> = {}, drainTimeoutMs = 2_000): ManagedProcess {
    const script = join(folder, 'service.cjs');
    writeFileSync(script, source);
    const spec = { name: 'service', script, env: { PORT: '0', ...env }, drainTimeoutMs };
    managed = new ManagedProcess(spec, new LogFile(join(folder, 'service.log')), {
      say: (line) => said.push(line),
      delay: (ms) => ms / 25,
    });
    return managed;
  }

  async function answerOf(service: ManagedProcess): Promise<number> {
    for (let attempt = 0; attempt < 200; attempt += 1) {
      const answer = await fetch(service.url).catch(() => undefined);
      if (answer) return Number(await answer.text());
      await sleep(25);
    }
    throw new Error('no answer');
  }

  it('starts a killed process again on the port that it had', async () => {
    const service = manage(SERVICE);
    await service.start();
    const { url } = service;
    const first = await answerOf(service);
    process.kill(first, 'SIGKILL');
    while (service.pid === first) await sleep(5);
    const second = await answerOf(service);
    expect(second).not.toBe(first);
    expect(service.url).toBe(url);
    expect(said[0]).toBe('service ended (SIGKILL); starting it again in 0.25 s');
  });

  it('goes on trying while the restart fails', async () => {
    const service = manage(SERVICE);
    await service.start();
    writeFileSync(join(folder, 'service.cjs'), BROKEN);
    process.kill(await answerOf(service), 'SIGKILL');
    while (said.length < 3) await sleep(5);
    expect(said.slice(0, 3).map((line) => line.replace(/.* in /, ''))).toEqual(['0.25 s', '0.5 s', '1 s']);
    writeFileSync(join(folder, 'service.cjs'), SERVICE);
    expect(await answerOf(service)).toBe(service.pid);
  });

  it('gives up on a first start that fails and shows why', async () => {
    const service = manage(BROKEN);
    await expect(service.start()).rejects.toThrow(/did not start \(exit code 3\).*\n.*a first line\n.*made of cheese/);
    await service.stop();
    expect(said).toEqual([]);
  });

  it('drains on stop and does not come back', async () => {
    const service = manage(SERVICE);
    await service.start();
    const pid = await answerOf(service);
    await service.stop();
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    await sleep(50);
    expect(service.pid).toBeUndefined();
    expect(said).toEqual([]);
  });

  it('stops while it waits for a restart', async () => {
    const service = manage(SERVICE);
    await service.start();
    process.kill(await answerOf(service), 'SIGKILL');
    while (said.length === 0) await sleep(1);
    await service.stop();
    await sleep(100);
    expect(service.pid).toBeUndefined();
  });

  it('kills what does not drain in time', async () => {
    const service = manage(SERVICE, { DEAF: 'yes' }, -2_900);
    await service.start();
    const pid = await answerOf(service);
    await service.stop();
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(said).toEqual(['service did not drain in time and is killed']);
  });

  it('stops a process that is only starting', async () => {
    const service = manage(`setInterval(() => undefined, 1000);`);
    const starting = service.start();
    const refused = expect(starting).rejects.toThrow('service was stopped');
    await service.stop();
    await refused;
  });
});
