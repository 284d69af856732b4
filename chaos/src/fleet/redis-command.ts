import { connect } from 'node:net';

const TIMEOUT_MS = 5_000;

/** Sends one command to the Redis of a URL, with its password and in its database. @throws Error when it does not answer OK or PONG */
export async function redisCommand(redisUrl: string, command: string): Promise<void> {
  const { hostname, port, username, password, pathname } = new URL(redisUrl);
  const words = [
    ...(password === '' ? [] : [['AUTH', ...(username === '' ? [] : [username]), decodeURIComponent(password)]]),
    ...(/^\/\d+$/.test(pathname) ? [['SELECT', pathname.slice(1)]] : []),
    [command],
  ];
  const answers = await exchange(hostname, Number(port || 6379), words.map(encodeCommand).join(''), words.length);
  const refusal = answers.find((answer) => !/^\+(OK|PONG)$/.test(answer));
  if (refusal !== undefined) throw new Error(`redis refused ${command}: ${refusal}`);
}

function encodeCommand(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
}

/** Each answer here is one line. */
function exchange(host: string, port: number, request: string, answers: number): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host, () => socket.write(request));
    let received = '';
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('redis does not answer')));
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('utf8');
      const lines = received.split('\r\n');
      if (lines.length <= answers) return;
      socket.destroy();
      resolve(lines.slice(0, answers));
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('redis closed the connection')));
  });
}
