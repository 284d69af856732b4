import { WebSocket } from 'undici';

import type { Child } from './child.js';

const TIMEOUT_MS = 5_000;

/**
 * Keeps a Node process busy: no timer, no answer, no read of a socket until it is over. Resolves when it has begun. The process has to have
 * been started with `--inspect=127.0.0.1:0`: the product itself has nothing that could be told to stand still.
 */
export async function blockEventLoop(child: Child, ms: number): Promise<void> {
  const url = /ws:\/\/127\.0\.0\.1:\d+\/[\w-]+/g;
  const address = [...child.output().matchAll(url)].at(-1)?.[0];
  if (address === undefined) throw new Error(`${child.name} listens to no debugger`);
  const socket = new WebSocket(address);
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${child.name} does not answer its debugger`)), TIMEOUT_MS);
      socket.addEventListener('error', () => reject(new Error(`${child.name} refuses its debugger`)));
      socket.addEventListener('message', () => {
        clearTimeout(timer);
        resolve();
      });
      // The answer comes first, the loop in the next turn.
      const expression = `setImmediate(() => { const end = Date.now() + ${ms}; while (Date.now() < end); })`;
      const command = { id: 1, method: 'Runtime.evaluate', params: { expression } };
      socket.addEventListener('open', () => socket.send(JSON.stringify(command)));
    });
  } finally {
    socket.close();
  }
}
