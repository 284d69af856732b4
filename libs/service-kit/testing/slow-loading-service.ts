// A service whose modules take a while to load: what happens meanwhile is seen by nobody.
import { once } from 'node:events';

import { runMain } from '../src/run-main.js';

// The supervisor is told that there is a process at all, and waits for no more than that.
process.send?.({ type: 'loading' });
await once(process, 'disconnect');

runMain(async () => {
  // Something that keeps the process alive, as a listening server does.
  const server = setInterval(() => undefined, 1_000);
  return { url: 'http://127.0.0.1:1', close: async () => clearInterval(server) };
});
