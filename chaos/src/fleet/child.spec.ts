import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { Child } from './child.js';
import type { ChildSpec } from './child.js';
import { blockEventLoop } from './inspector.js';

/** Serves, tells where, and ends itself when asked to; what it does on SIGTERM is chosen. */
const SERVER = `
const { createServer } = require('node:http');
const server = createServer((message, response) => {
  if (message.url === '/end') process.exit(3);
  response.end(String(process.pid));
});
process.on('SIGTERM', () => process.exit(0));
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  process.send({ type: 'ready', url: 'http://127.0.0.1:' + server.address().port });
});
`;

describe('a process that was started', () => {
  let folder: string;
  let children: Child[];
  let deaths: string[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lh-chaos-child-'));
    children = [];
    deaths = [];
  });
  afterEach(async () => {
    for (const child of children) {
      await child.kill();
      child.close();
    }
    rmSync(folder, { recursive: true });
  });

  function child(script = SERVER, spec: Partial<ChildSpec> = {}): Child {
    const file = join(folder, `${children.length}.cjs`);
    writeFileSync(file, script);
    const made = new Child(
      {
        name: 'server',
        command: process.execPath,
        args: [file],
        env: {},
        logFile: join(folder, 'server.log'),
        ready: 'message',
        keepsPort: true,
        ...spec,
      },
      { died: ({ name }, how) => deaths.push(`${name} ${how}`) },
    );
    children.push(made);
    return made;
  }

  const ask = async (url: string): Promise<string> => (await fetch(url)).text();

  it('is known by its pid, and found where it was after a kill and a start', async () => {
    const server = child();
    await server.start();
    const { url, pid } = server;
    expect(await ask(url)).toBe(String(pid));
    await server.kill();
    expect([server.pid, server.serving, deaths]).toEqual([undefined, false, []]);
    await server.start();
    expect(server.url).toBe(url);
    expect(server.pid).not.toBe(pid);
    expect(await ask(url)).toBe(String(server.pid));
  });

  it('stops on SIGTERM, also while it is stopped', async () => {
    const server = child();
    await server.start();
    server.signal('SIGSTOP');
    expect(await server.stop()).toBe(true);
    expect(deaths).toEqual([]);
  });

  it('is told of when it ends by itself', async () => {
    const server = child();
    await server.start();
    await ask(`${server.url}/end`).catch(() => undefined);
    expect(await server.whenEnded()).toBe('exit code 3');
    expect(deaths).toEqual(['server exit code 3']);
  });

  it('that does not get ready fails with what it wrote', async () => {
    const broken = child(`console.error('no room'); process.exit(1);`);
    await expect(broken.start()).rejects.toThrow(/server did not start \(exit code 1\)[^]*no room/);
    expect(deaths).toEqual([]);
  });

  it('may be asked whether it is ready', async () => {
    let asked = 0;
    const server = child(SERVER, { ready: async () => ++asked > 2 });
    await server.start();
    expect([server.serving, asked]).toEqual([true, 3]);
  });

  it('writes to its log, one start after the other', async () => {
    const server = child(`console.log('started'); ${SERVER}`);
    await server.start();
    await server.kill();
    await server.start();
    expect(server.output().match(/started/g)).toHaveLength(1);
    expect(readFileSync(join(folder, 'server.log'), 'utf8').match(/started/g)).toHaveLength(2);
  });

  it('stands still while its event loop is blocked', async () => {
    const server = child();
    const blockable = child(SERVER, {
      args: ['--inspect=127.0.0.1:0', server.spec.args[0] ?? ''],
      logFile: join(folder, 'b'),
    });
    await server.start();
    await blockable.start();
    await blockEventLoop(blockable, 600);
    const blockedMs = performance.now();
    await ask(blockable.url);
    expect(performance.now() - blockedMs).toBeGreaterThan(300);
    await expect(blockEventLoop(server, 1)).rejects.toThrow('listens to no debugger');
  });
});
