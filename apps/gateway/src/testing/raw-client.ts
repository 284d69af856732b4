import { connect } from 'node:net';

/** A last request of each connection: whatever came before it, the connection ends with its answer. */
const GOODBYE = 'GET /healthz HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n';

/** Sends bytes over a connection of their own, all at once, and gives back all that is answered until it ends. */
export function talk(url: string, requests: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(requests + GOODBYE, 'latin1'));
    socket.on('data', (piece) => pieces.push(piece)).on('error', reject);
    socket.on('close', () => resolve(Buffer.concat(pieces).toString('latin1')));
  });
}

/** What two gateways may say differently of the same request: ids of their own, times, and how much of a limit is left. */
export function masked(text: string): string {
  return text
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<uuid>')
    .replace(/^date: .*$/gim, 'date: <date>')
    .replace(/^(server-timing): .*total;dur=[0-9.]+\r$/gim, '$1: <phases>\r')
    .replace(/;r=[0-9]+;t=[0-9]+/g, ';r=<left>;t=<s>');
}
