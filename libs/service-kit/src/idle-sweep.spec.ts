import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { sweepIdle } from './idle-sweep.js';

const SWEEP_MS = 10;
const LIMIT_MS = 300;
const GET = 'GET / HTTP/1.1\r\nhost: h\r\n\r\n';
const LONG_BYTES = 32 * 1024 * 1024;

const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('connections of a server that are swept', () => {
  let server: Server;
  let listener: (request: IncomingMessage, response: ServerResponse) => void;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    listener = (_request, response) => void response.end('ok');
    server = createServer((request, response) => listener(request, response));
    server.keepAliveTimeout = LIMIT_MS;
    server.setTimeout(4 * LIMIT_MS);
    sweepIdle(server, SWEEP_MS);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  /** Tells when its end came, in ms since it was opened. */
  async function open(): Promise<{ readonly socket: Socket; readonly ended: Promise<number> }> {
    const begunMs = performance.now();
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    sockets.push(socket);
    socket.on('error', () => undefined);
    const ended = new Promise<number>((resolve) => socket.on('close', () => resolve(performance.now() - begunMs)));
    await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
    return { socket, ended };
  }

  it('end when they have been left alone after an answer for as long as those may be', async () => {
    const { socket, ended } = await open();
    socket.resume().write(GET);
    expect(await ended).toBeGreaterThan(LIMIT_MS / 2);
  });

  it('end when nothing was ever asked on them', async () => {
    const { socket, ended } = await open();
    socket.resume();
    expect(await ended).toBeGreaterThan(3 * LIMIT_MS);
  });

  it('stay while they are used', async () => {
    const { socket } = await open();
    let answers = 0;
    socket.on('data', () => answers++);
    for (const untilMs = performance.now() + 3 * LIMIT_MS; performance.now() < untilMs;) {
      socket.write(GET);
      await after(20);
    }
    expect(socket.destroyed).toBe(false);
    expect(answers).toBeGreaterThan(0);
  });

  it('stay for the longer time in which an answer may come', async () => {
    listener = (_request, response) => void setTimeout(() => response.end('late'), 2 * LIMIT_MS);
    const { socket } = await open();
    const told = new Promise<string>((resolve) => socket.on('data', (piece) => resolve(String(piece))));
    socket.write(GET);
    expect(await told).toContain('late');
  });

  it('stay while their client takes what was written, however slowly', async () => {
    listener = (_request, response) => void response.end(Buffer.alloc(LONG_BYTES));
    const { socket } = await open();
    let taken = 0;
    const untilMs = performance.now() + 6 * LIMIT_MS;
    socket.on('data', ({ byteLength }) => {
      taken += byteLength;
      if (performance.now() > untilMs) return;
      socket.pause();
      setTimeout(() => socket.resume(), 5);
    });
    socket.write(GET);
    while (taken < LONG_BYTES) await after(5);
    expect(socket.destroyed).toBe(false);
  });

  it('end when their client takes nothing of what was written', async () => {
    let connection: Socket | undefined;
    listener = ({ socket }, response) => {
      connection = socket;
      response.end(Buffer.alloc(LONG_BYTES));
    };
    const { socket } = await open();
    socket.pause().write(GET);
    while (connection?.destroyed !== true) await after(5);
  });

  it('tell who asked for a time of his own, once', async () => {
    const told: string[] = [];
    const asked = new Promise<Socket>((resolve) => server.once('connection', resolve));
    await open();
    const connection = await asked;
    const [one, other] = [() => told.push('one'), () => told.push('other')];
    connection.setTimeout(2 * SWEEP_MS, one);
    connection.setTimeout(2 * SWEEP_MS, other);
    connection.setTimeout(0, other);
    connection.setTimeout(2 * SWEEP_MS);
    while (!connection.destroyed) await after(5);
    expect(told).toEqual(['one']);
  });
});
