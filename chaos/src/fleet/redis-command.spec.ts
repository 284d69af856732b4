import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { redisCommand } from './redis-command.js';

describe('a command to Redis', () => {
  let server: Server;
  let received: string;
  let answer: string;
  beforeEach(async () => {
    received = '';
    answer = '+OK\r\n';
    server = createServer((socket) => {
      socket.on('data', (chunk: Buffer) => {
        received += chunk.toString();
        socket.write(answer);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  const url = (rest = ''): string => `redis://${rest}127.0.0.1:${(server.address() as AddressInfo).port}`;

  it('is sent as it is', async () => {
    await redisCommand(url(), 'FLUSHALL');
    expect(received).toBe('*1\r\n$8\r\nFLUSHALL\r\n');
  });

  it('is sent to the database of the URL, with its password', async () => {
    answer = '+OK\r\n+OK\r\n+OK\r\n';
    await redisCommand(`${url('user:p%40ss@')}/15`, 'FLUSHDB');
    expect(received).toBe(
      '*3\r\n$4\r\nAUTH\r\n$4\r\nuser\r\n$4\r\np@ss\r\n*2\r\n$6\r\nSELECT\r\n$2\r\n15\r\n*1\r\n$7\r\nFLUSHDB\r\n',
    );
  });

  it('fails with what Redis says', async () => {
    answer = '-NOAUTH Authentication required.\r\n';
    await expect(redisCommand(url(), 'PING')).rejects.toThrow('NOAUTH');
  });
});
