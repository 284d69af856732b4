import { randomBytes } from 'node:crypto';

import { Costs } from './costs.js';
import { Customers } from './customers.js';
import { readFiles } from './files.js';
import { leaseholdAt, leaseholdInside } from './leasehold.js';
import { notesServer } from './server.js';
import { Sessions, sharedSecret } from './sessions.js';

const PASSWORD_BYTES = 9;

/**
 * Puts everything together and listens.
 * @param {import('./settings.js').Settings} settings
 * @returns {Promise<{ origin: string, operatorPassword: string, finished: number, close: () => Promise<void> }>}
 */
export async function startNotes(settings) {
  const { origin, registry: registryName, port } = settings;
  const clock = { now: () => Date.now() };
  const leasehold = settings.isLocal ? await leaseholdInside() : leaseholdAt(settings);
  await leasehold.ensureDatabase(registryName);
  await leasehold.allowOrigin(origin);
  const registry = leasehold.database(registryName);
  const isSecure = origin.startsWith('https:');
  const sessions = new Sessions(await sharedSecret(registry), { isSecure, ...clock });
  const costs = new Costs(registry, clock);
  const customers = new Customers(leasehold, registry, (customer) => costs.counting(customer));
  const finished = await customers.finishAll();
  const operatorPassword = settings.operatorPassword ?? randomBytes(PASSWORD_BYTES).toString('base64url');
  const files = await readFiles(leasehold.url);
  const server = notesServer({
    leasehold,
    customers,
    sessions,
    costs,
    files,
    settings: { origin, operatorPassword, tokenTtlSeconds: settings.tokenTtlSeconds },
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(undefined));
  });
  return {
    origin,
    operatorPassword,
    finished,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await costs.close();
      await leasehold.close();
    },
  };
}
