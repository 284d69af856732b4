import { describe, expect, it } from '@jest/globals';
import type { DatabaseId } from '@leasehold/foundation';
import { createLogger } from '@leasehold/service-kit';

import { watchPurges } from './due-purges.js';

const DATABASE = '6f1c1c2e-3f63-4d8e-9a63-0f1f2a3b4c5d' as DatabaseId;

describe('the watch of purges', () => {
  it('asks for what is due, again after a look that failed, until it is told to end', async () => {
    const asked: DatabaseId[] = [];
    const stopping = new AbortController();
    let looks = 0;
    const due = async () => {
      looks++;
      if (looks === 1) throw new Error('Postgres is down');
      return [DATABASE];
    };
    const enqueueErasure = (id: DatabaseId) => {
      asked.push(id);
      if (asked.length === 2) stopping.abort();
    };
    const log = createLogger('test', 'silent');
    await watchPurges({ due }, { enqueueErasure }, { intervalMs: 1, log, signal: stopping.signal });
    expect([looks, asked]).toEqual([3, [DATABASE, DATABASE]]);
  });
});
