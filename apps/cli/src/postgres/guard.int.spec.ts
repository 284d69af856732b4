import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { processIdentity } from '../../../../tools/lock.mjs';
import { REPOSITORY } from '../repository.js';
import { findFreePort } from '../up/ports.js';

const GUARD = join(REPOSITORY, 'apps/cli/dist/postgres/main.js');
const LIMIT_MS = 60_000;

describe('guard of the embedded Postgres', () => {
  // For its owner alone, as `mktemp -d` makes it: root's server has to find its way in as somebody else.
  let folder: string;
  let port: number;
  const guards: ChildProcess[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lh-guard-'));
    port = await findFreePort('127.0.0.1');
  });
  afterEach(async () => {
    for (const guard of guards.splice(0)) {
      if (guard.exitCode !== null || guard.signalCode !== null) continue;
      guard.kill('SIGTERM');
      await once(guard, 'exit');
    }
    rmSync(folder, { recursive: true });
  });

  const dataDir = () => join(folder, 'postgres');

  function startGuard(): ChildProcess {
    const env = {
      PATH: process.env['PATH'],
      HOST: '127.0.0.1',
      PORT: String(port),
      POSTGRES_DIR: dataDir(),
      POSTGRES_USER: 'test',
      POSTGRES_PASSWORD: 'test',
      POSTGRES_DATABASE: 'test',
    };
    const guard = fork(GUARD, { env, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    guards.push(guard);
    return guard;
  }

  async function untilReady(guard: ChildProcess): Promise<void> {
    const [message] = (await once(guard, 'message')) as [unknown];
    expect(message).toEqual({ type: 'ready', url: `postgresql://127.0.0.1:${port}` });
  }

  function serves(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true));
      socket.once('error', () => resolve(false)).once('connect', () => socket.destroy());
    });
  }

  it(
    'ends its server when the process that started it is gone, and starts on the same data again',
    async () => {
      const first = startGuard();
      await untilReady(first);
      expect(await serves()).toBe(true);
      const madeAt = statSync(join(dataDir(), 'PG_VERSION')).mtimeMs;
      first.disconnect();
      expect(await once(first, 'exit')).toEqual([0, null]);
      expect(await serves()).toBe(false);

      await untilReady(startGuard());
      expect(statSync(join(dataDir(), 'PG_VERSION')).mtimeMs).toBe(madeAt);
    },
    LIMIT_MS,
  );

  it(
    'finds its way after it was killed beside its server',
    async () => {
      const first = startGuard();
      await untilReady(first);
      const server = Number.parseInt(readFileSync(join(dataDir(), 'postmaster.pid'), 'utf8'), 10);
      first.kill('SIGKILL');
      await once(first, 'exit');
      await untilReady(startGuard());
      expect(await serves()).toBe(true);
      expect(processIdentity(server)).toBeUndefined();
    },
    LIMIT_MS,
  );

  it(
    'leaves no half cluster when it is stopped while it makes one',
    async () => {
      const guard = startGuard();
      const draft = `${dataDir()}.new`;
      while (!existsSync(draft)) await sleep(5);
      guard.kill('SIGTERM');
      await once(guard, 'exit');
      expect([existsSync(draft), existsSync(dataDir())]).toEqual([false, false]);
      await untilReady(startGuard());
    },
    LIMIT_MS,
  );
});
