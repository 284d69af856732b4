import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import type { Duplex } from 'node:stream';

import { afterEach, describe, expect, it } from '@jest/globals';
import type { HopFrame } from '@leasehold/protocol';

import { FrameStream } from './frame-stream.js';
import { secureAsClient, secureAsServer } from './internal-tls.js';

const SECRET = 'a secret of the installation, 32+';
const BODY = Buffer.from('a value that nobody else reads');

const servers: Server[] = [];
const sockets: Duplex[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

async function listen(onSocket: (socket: Socket) => void): Promise<number> {
  // As servers of HTTP have it.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => socket.destroy());
    onSocket(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function dial(port: number): Socket {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  return socket;
}

/** Between the two: does with what comes from the client as it is told. */
async function between(port: number, change: (piece: Buffer) => Buffer): Promise<number> {
  return listen((near) => {
    const far = dial(port);
    far.on('error', () => near.destroy()).on('close', () => near.destroy());
    far.on('data', (piece) => near.write(piece));
    near.on('data', (piece) => far.write(change(piece))).on('close', () => far.destroy());
  });
}

interface Ends {
  readonly port: number;
  readonly received: HopFrame[];
  /** Resolves when the server's side has ended. */
  readonly ended: Promise<void>;
}

/** Takes frames, and keeps what was in them. */
async function takeFrames(secret = SECRET): Promise<Ends> {
  const received: HopFrame[] = [];
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const port = await listen((socket) => {
    secureAsServer(socket, secret).then((secure) => {
      new FrameStream(secure, { onFrame: (frame) => received.push(frame), onEnd: end });
    }, end);
  });
  return { port, received, ended };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

describe('a connection inside of the installation', () => {
  it('ends at once when the client leaves in the moment in which the server has yet to see that it was secured', async () => {
    const { port, ended } = await takeFrames();
    const begunMs = performance.now();
    (await secureAsClient(dial(port), SECRET)).destroy();
    await ended;
    expect(performance.now() - begunMs).toBeLessThan(2_000);
  });

  it('carries frames between two that have the secret', async () => {
    const { port, received } = await takeFrames();
    const stream = new FrameStream(await secureAsClient(dial(port), SECRET), { onFrame: () => 0, onEnd: () => 0 });
    for (let number = 1; number <= 300; number++)
      stream.send({ number, head: `h${number}`, body: Buffer.alloc(1_000) });
    await until(() => received.length === 300);
    expect(received.map(({ number, head }) => `${number} ${head}`)).toEqual(
      received.map((_, n) => `${n + 1} h${n + 1}`),
    );
  });

  it('writes what is sent in one turn of the event loop at once', async () => {
    const pieces: number[] = [];
    const { port, received } = await takeFrames();
    const way = await between(port, (piece) => (pieces.push(piece.byteLength), piece));
    const stream = new FrameStream(await secureAsClient(dial(way), SECRET), { onFrame: () => 0, onEnd: () => 0 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    pieces.length = 0;
    for (let number = 1; number <= 20; number++) stream.send({ number, head: 'h', body: BODY });
    await until(() => received.length === 20);
    expect(pieces).toHaveLength(1);
  });

  it('does not come to be with who has another secret', async () => {
    const { port, received, ended } = await takeFrames('another secret of the same length');
    await expect(secureAsClient(dial(port), SECRET)).rejects.toMatchObject({ code: 'internal-tls' });
    await ended;
    expect(received).toEqual([]);
  });

  it('does not come to be with who does not speak TLS', async () => {
    const port = await listen((socket) => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    await expect(secureAsClient(dial(port), SECRET)).rejects.toMatchObject({ code: 'internal-tls' });
  });

  it('ends where a byte was changed on the way, and shows nothing of it', async () => {
    const { port, received, ended } = await takeFrames();
    let changes = false;
    const way = await between(port, (piece) => {
      if (!changes) return piece;
      const changed = Buffer.from(piece);
      changed[changed.byteLength - 20] = (changed[changed.byteLength - 20] as number) ^ 1;
      return changed;
    });
    const stream = new FrameStream(await secureAsClient(dial(way), SECRET), { onFrame: () => 0, onEnd: () => 0 });
    stream.send({ number: 1, head: 'PUT', body: BODY });
    await until(() => received.length === 1);
    changes = true;
    stream.send({ number: 2, head: 'PUT', body: BODY });
    await ended;
    expect(received).toHaveLength(1);
  });

  it('ends where something was sent twice on the way', async () => {
    const { port, received, ended } = await takeFrames();
    let repeats = false;
    const way = await between(port, (piece) => (repeats ? Buffer.concat([piece, piece]) : piece));
    const stream = new FrameStream(await secureAsClient(dial(way), SECRET), { onFrame: () => 0, onEnd: () => 0 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    repeats = true;
    stream.send({ number: 1, head: 'PUT', body: BODY });
    await ended;
    expect(received).toHaveLength(1);
  });

  it('hides from who listens what it carries', async () => {
    const seen: Buffer[] = [];
    const { port, received } = await takeFrames();
    const way = await between(port, (piece) => (seen.push(piece), piece));
    const stream = new FrameStream(await secureAsClient(dial(way), SECRET), { onFrame: () => 0, onEnd: () => 0 });
    stream.send({ number: 1, head: 'PUT', body: BODY });
    await until(() => received.length === 1);
    expect(Buffer.concat(seen).includes(BODY)).toBe(false);
  });
});
