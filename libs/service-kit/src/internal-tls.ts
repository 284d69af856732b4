import { hkdfSync } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { connect, createServer } from 'node:tls';

import { LeaseholdError } from '@leasehold/foundation';

const IDENTITY = 'leasehold-gateway';
const KEY_BYTES = 32;
const HANDSHAKE_MS = 5_000;
/** The one suite of TLS 1.3 whose hash is that of a pre-shared key without further agreement. */
const SUITE = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', ciphers: 'TLS_AES_128_GCM_SHA256' } as const;

/** The other side does not have the secret, is something else, or is too slow. */
export class InternalTlsError extends LeaseholdError {
  override readonly name = 'InternalTlsError';

  constructor(cause: unknown) {
    super('unavailable', 'internal-tls', 'no secure connection inside of the installation', { cause });
  }
}

/**
 * TLS 1.3 over a connection, with a key that both sides derive from the installation's secret (RFC 8446, 2.2: PSK with (EC)DHE) and without
 * certificates: nobody without the secret gets to the end of the handshake, on either side; afterwards nobody on the way can read, change,
 * repeat or reorder a byte, nor can who learns the secret later read what was recorded.
 * @throws InternalTlsError; the connection is closed then
 */
export function secureAsClient(socket: Duplex, secret: string): Promise<TLSSocket> {
  const psk = keyOf(secret);
  const options = {
    ...SUITE,
    socket,
    pskCallback: () => ({ psk, identity: IDENTITY }),
    // Asked only of a server that has answered with a certificate instead of the key, whoever has signed it.
    checkServerIdentity: () => new Error('the other side does not have the key'),
  };
  return secured(connect(options), socket);
}

/** The other side of {@link secureAsClient}. @throws InternalTlsError; the connection is closed then */
export function secureAsServer(socket: Duplex, secret: string): Promise<TLSSocket> {
  const psk = keyOf(secret);
  // Sockets of an HTTP server are: who left in the middle of the handshake would be waited for until its time is over.
  socket.allowHalfOpen = false;
  // A server that does not listen: the documented way to TLS over a connection that is there already.
  const server = createServer({
    ...SUITE,
    handshakeTimeout: HANDSHAKE_MS,
    pskCallback: (_socket, identity) => (identity === IDENTITY ? psk : null),
  });
  return new Promise((resolve, reject) => {
    server
      .once('secureConnection', (secure) => resolve(endTogether(secure, socket)))
      .once('tlsClientError', (cause) => {
        socket.destroy();
        reject(new InternalTlsError(cause));
      });
    server.emit('connection', socket);
  });
}

function secured(socket: TLSSocket, below: Duplex): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(new InternalTlsError(cause));
    };
    const onClose = (): void => fail(new Error('closed during the handshake'));
    const timer = setTimeout(() => fail(new Error(`no handshake within ${HANDSHAKE_MS} ms`)), HANDSHAKE_MS);
    socket.on('error', fail).once('close', onClose);
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      socket.off('error', fail).off('close', onClose);
      resolve(endTogether(socket, below));
    });
  });
}

/** TLS that has met bytes which are not of the other side leaves the connection below it open. */
function endTogether(socket: TLSSocket, below: Duplex): TLSSocket {
  return socket.once('error', () => below.destroy()).once('close', () => below.destroy());
}

/** Not the secret itself, which signs other things. */
function keyOf(secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', 'leasehold frames 1', KEY_BYTES));
}
