import type { ByteDatabase } from '@leasehold/client';
import { connect } from '@leasehold/client';

import { accessOf } from './access.js';
import type { Destination } from './import-command.js';
import { knownStats } from './known-stats.js';

/** A transfer waits out limits and takeovers, for up to ten minutes without any success. */
const PATIENT = { timeoutMs: 600_000, retries: { attempts: 200 } };

export function openDatabase(name: string, env: NodeJS.ProcessEnv): ByteDatabase {
  const { url, apiKey } = accessOf(env);
  return connect({ url, key: apiKey, database: name }).bytes;
}

/** For many calls in a row. */
export async function openDestination(name: string, env: NodeJS.ProcessEnv): Promise<Destination> {
  const { url, apiKey } = accessOf(env);
  const database = connect({ url, key: apiKey, database: name, ...PATIENT }).bytes;
  // Who waits for a wrong name for ten minutes has not been helped.
  const known = await knownStats(openDatabase(name, env));
  return { database, databaseId: known?.database.id ?? `name ${name}`, url };
}
