import { createHash } from 'node:crypto';

import type { Database } from '../src/api.js';
import { expectStatus } from '../src/api.js';

/** More than any test keeps in a database. */
const MAX_PAGES = 100;

/** Everything that a client can see of a database, as one digest: each key with value and version, and the last version. */
export async function digestOf(database: Database): Promise<{ readonly version: unknown; readonly digest: string }> {
  const hash = createHash('sha256');
  let cursor: string | null = null;
  for (let page = 0; page < MAX_PAGES; page++) {
    const answer = await database.list({ encoding: 'base64', limit: '1000', ...(cursor === null ? {} : { cursor }) });
    expectStatus(answer, 200);
    const listed = answer.json<{ entries: readonly unknown[]; cursor: string | null }>();
    hash.update(JSON.stringify(listed.entries));
    cursor = listed.cursor;
    if (cursor === null) return { version: (await database.stats())['version'], digest: hash.digest('hex') };
  }
  throw new Error('the database has more pages than the test reads');
}
