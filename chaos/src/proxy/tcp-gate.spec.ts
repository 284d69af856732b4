import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '@leasehold/foundation';

import { TcpGate } from './tcp-gate.js';

describe('the gate before a server', () => {
  let server: Server;
  let gate: TcpGate;
  let accepted: Socket[];
  beforeEach(async () => {
    accepted = [];
    server = createServer((socket) => {
      accepted.push(socket);
      socket.on('error', () => undefined);
      socket.pipe(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    gate = await TcpGate.open('127.0.0.1', (server.address() as AddressInfo).port);
  });
  afterEach(async () => {
    await gate.close();
    for (const socket of accepted) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  function client(): { readonly socket: Socket; readonly heard: () => string; readonly closed: Promise<void> } {
    const socket = connect(gate.boundPort, '127.0.0.1');
    let heard = '';
    socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
    socket.on('error', () => undefined);
    return { socket, heard: () => heard, closed: new Promise((resolve) => socket.once('close', () => resolve())) };
  }

  const until = async (condition: () => boolean): Promise<void> => {
    for (let n = 0; n < 500 && !condition(); n++) await systemClock.sleep(10);
    expect(condition()).toBe(true);
  };

  it('lets everything through both ways', async () => {
    const { socket, heard } = client();
    socket.write('hello');
    await until(() => heard() === 'hello');
  });

  it('cuts what is there and what comes while it refuses', async () => {
    const before = client();
    before.socket.write('x');
    await until(() => before.heard() === 'x');
    gate.refuse();
    await before.closed;
    await client().closed;
    gate.reopen();
    const after = client();
    after.socket.write('y');
    await until(() => after.heard() === 'y');
  });

  it('delivers nothing while it holds, and then all of it', async () => {
    const { socket, heard } = client();
    socket.write('a');
    await until(() => heard() === 'a');
    gate.hold();
    socket.write('b');
    const late = client();
    late.socket.write('c');
    await systemClock.sleep(100);
    expect([heard(), late.heard()]).toEqual(['a', '']);
    gate.reopen();
    await until(() => heard() === 'ab' && late.heard() === 'c');
  });
});
