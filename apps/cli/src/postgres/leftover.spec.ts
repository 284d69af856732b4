import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { stopLeftover } from './leftover.js';

describe('server of an earlier start', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lh-leftover-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const pidFile = () => join(folder, 'postmaster.pid');

  it('is asked to shut down', async () => {
    const server = spawn('sh', ['-c', 'trap "exit 0" INT; while :; do sleep 0.05; done', 'postgres', folder], {
      stdio: 'ignore',
    });
    await once(server, 'spawn');
    const ended = once(server, 'exit');
    writeFileSync(pidFile(), `${server.pid}\n${folder}\n`);
    // The shell needs a moment until it minds the signal.
    await new Promise((resolve) => setTimeout(resolve, 200));
    await stopLeftover(folder);
    expect(await ended).toEqual([0, null]);
  });

  it('is not confused with another program of the same number', async () => {
    writeFileSync(pidFile(), `${process.pid}\n/elsewhere\n`);
    await stopLeftover(folder);
    expect(existsSync(pidFile())).toBe(false);
  });

  it('may have gone by itself', async () => {
    await stopLeftover(folder);
    writeFileSync(pidFile(), `4194303\n${folder}\n`);
    await stopLeftover(folder);
    expect(existsSync(pidFile())).toBe(false);
  });
});
