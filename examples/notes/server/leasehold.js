import { ConflictError, connect, encodeKey, UnauthorizedError } from '@leasehold/client';
import { connectControl } from '@leasehold/client/control';

/**
 * What this server needs of Leasehold. There are two of it: a Leasehold that runs elsewhere, and one in this process, for trying and testing.
 * @typedef {object} Leasehold
 * @property {string} url of the gateway, which pages call
 * @property {(name: string, options?: import('@leasehold/local').DatabaseOptions) => import('@leasehold/client').Database} database
 * @property {(name: string, customer?: string) => Promise<void>} ensureDatabase safe to repeat; the customer is a label of it, by which its use is told
 * @property {(from: Date) => Promise<ReadonlyMap<string, import('./costs.js').Units>>} usage of each customer since a whole hour, about a minute
 *   behind, with what pages did; none where nobody counts it
 * @property {(token: TokenOptions) => Promise<string>} createToken
 * @property {(origin: string) => Promise<void>} allowOrigin lets pages of the origin call the gateway; safe to repeat
 * @property {() => Promise<void>} close
 *
 * @typedef {{ database: string, prefix: import('@leasehold/client').Key, ttlSeconds: number }} TokenOptions
 */

/**
 * One that runs somewhere, with a gateway and a control plane.
 * @param {{ url: string, controlUrl: string, key: string }} settings
 * @returns {Leasehold}
 */
export function leaseholdAt({ url, controlUrl, key }) {
  const control = connectControl({ url: controlUrl, key });
  return {
    url,
    database: (database, options = {}) => connect({ ...options, url, key, database }),
    ensureDatabase: async (name, customer) => {
      try {
        await control.databases.create({ name, labels: customer === undefined ? {} : { customer } });
      } catch (error) {
        if (!(error instanceof ConflictError && error.code === 'database-exists')) throw error;
      }
    },
    usage: async (from) => {
      const units = new Map();
      for await (const row of control.usage.list({ from, step: 'month', group: 'label:customer' })) {
        const { label, readUnits, writeUnits } = row;
        if (label) units.set(label, { readUnits: BigInt(readUnits), writeUnits: BigInt(writeUnits) });
      }
      return units;
    },
    createToken: async ({ database, prefix, ttlSeconds }) => {
      const minted = await control.tokens.create({ database, prefix, ttlSeconds, scopes: ['data:read', 'data:write'] });
      return minted.token;
    },
    allowOrigin: (origin) => listOrigin(controlUrl, key, origin),
    close: async () => {},
  };
}

/**
 * One in this process: nothing else has to run, and with the process everything is gone.
 * @returns {Promise<Leasehold>}
 */
export async function leaseholdInside() {
  const { startLocal } = await import('@leasehold/local');
  const local = await startLocal();
  return {
    url: local.url,
    database: (name, options) => local.database(name, options),
    // A database comes to be with its first write.
    ensureDatabase: async () => {},
    usage: async () => new Map(),
    createToken: ({ prefix, ...token }) => local.createToken({ ...token, prefix: encodeKey(prefix) }),
    // Pages of every origin may call it.
    allowOrigin: async () => {},
    close: () => local.close(),
  };
}

const CONTROL_TIMEOUT_MS = 10_000;

/**
 * The list is replaced as a whole, so those that stand on it already are kept.
 * @param {string} controlUrl @param {string} key @param {string} origin
 */
async function listOrigin(controlUrl, key, origin) {
  const { origins } = await cors('GET');
  if (origins.includes(origin) || origins.includes('*')) return;
  await cors('PUT', JSON.stringify({ origins: [...origins, origin] }));

  /** @param {string} method @param {string} [body] @returns {Promise<{ origins: string[] }>} */
  async function cors(method, body) {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const signal = AbortSignal.timeout(CONTROL_TIMEOUT_MS);
    const response = await fetch(`${controlUrl}/v1/cors`, { method, headers, body, signal });
    if (response.ok) return /** @type {Promise<{ origins: string[] }>} */ (response.json());
    const message = `the origin could not be listed: ${response.status} ${await response.text()}`;
    throw response.status === 403 ? new UnauthorizedError({ code: 'cors', message }) : new Error(message);
  }
}
