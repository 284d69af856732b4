import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import type { AddressInfo } from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';

import { publicNames } from './public-names.js';

const TYPE_A = 1;
const TYPE_AAAA = 28;
const ADDRESS = '203.0.113.7';

describe('names of the public DNS', () => {
  const servers: Socket[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  /** A name server; undefined: it is silent. */
  async function listen(answer: (type: number) => readonly Buffer[] | undefined): Promise<string> {
    const server = createSocket('udp4');
    servers.push(server);
    server.on('message', (query, { port }) => {
      const end = query.indexOf(0, 12) + 5;
      const type = query.readUInt16BE(end - 4);
      const data = answer(type);
      if (data === undefined) return;
      const head = Buffer.from(query.subarray(0, 12));
      head.writeUInt16BE(0x8180, 2);
      head.writeUInt16BE(data.length, 6);
      head.writeUInt32BE(0, 8);
      const records = data.map((bytes) => {
        const record = Buffer.alloc(12);
        record.writeUInt16BE(0xc00c, 0);
        record.writeUInt16BE(type, 2);
        record.writeUInt16BE(1, 4);
        record.writeUInt16BE(bytes.length, 10);
        return Buffer.concat([record, bytes]);
      });
      server.send(Buffer.concat([head, query.subarray(12, end), ...records]), port, '127.0.0.1');
    });
    await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  const v4 = Buffer.from(ADDRESS.split('.').map(Number));
  const v6 = Buffer.concat([Buffer.from([0x20, 1, 0xd, 0xb8]), Buffer.alloc(11), Buffer.from([1])]);

  it('have the addresses of both families', async () => {
    const server = await listen((type) => ({ [TYPE_A]: [v4], [TYPE_AAAA]: [v6] })[type] ?? []);
    expect(await publicNames([server])('keys.example.com')).toEqual([
      { address: ADDRESS, family: 4 },
      { address: '2001:db8::1', family: 6 },
    ]);
  });

  it('have those of one, and are missing without any', async () => {
    const one = await listen((type) => (type === TYPE_A ? [v4] : []));
    expect(await publicNames([one])('keys.example.com')).toEqual([{ address: ADDRESS, family: 4 }]);
    const none = await listen(() => []);
    await expect(publicNames([none])('keys.example.com')).rejects.toThrow();
  });

  it('hold up no other look-up while their server is silent, and fail in the end', async () => {
    const silent = publicNames([await listen(() => undefined)]);
    let ended = 0;
    const asked = Array.from({ length: 50 }, (_, n) => silent(`slow-${n}.example.com`).finally(() => ended++));
    const all = Promise.allSettled(asked);
    await lookup('localhost');
    expect(ended).toBe(0);
    expect(new Set((await all).map(({ status }) => status))).toEqual(new Set(['rejected']));
  });
});
