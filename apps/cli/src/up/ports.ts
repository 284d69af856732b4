import { createServer } from 'node:net';
import { CliError, systemCode } from '../cli-error.js';

/** Binds and lets go; 0 asks for any free port. Resolves with the port, or rejects with the system's error. */
function tryListen(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      const bound = typeof address === 'object' && address !== null ? address.port : port;
      server.close(() => resolve(bound));
    });
  });
}

/** @throws CliError when the port cannot be had. */
export async function requireFreePort(host: string, port: number, what: string): Promise<void> {
  try {
    await tryListen(host, port);
  } catch (error) {
    const code = systemCode(error) ?? 'unknown';
    if (code === 'EADDRINUSE') throw new CliError(`port ${port} (${what}) is taken; choose another with --port`);
    if (code === 'EACCES')
      throw new CliError(`no right to listen on port ${port} (${what}); choose another with --port`);
    throw new CliError(`cannot listen on port ${port} (${what}): ${code}`, 1, { cause: error });
  }
}

/** A port that is free now: the preferred one if possible. Somebody else may still take it before it is used. */
export async function findFreePort(host: string, preferred?: number): Promise<number> {
  if (preferred !== undefined) {
    const port = await tryListen(host, preferred).catch(() => undefined);
    if (port !== undefined) return port;
  }
  return tryListen(host, 0);
}
