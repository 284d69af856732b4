import { describe, expect, it } from '@jest/globals';
import type { DatabaseEntry } from '@leasehold/directory';
import type { DatabaseId, TenantId } from '@leasehold/foundation';
import { THROUGH_HEADER } from '@leasehold/protocol';

import type { ForwardedRequest, Forwarder } from '../forwarding/forwarder.js';
import { FeedRequests } from './feed-requests.js';

const WAIT_MS = 25_000;

describe('the requests of a feed', () => {
  it('wait for commits only where somebody is known to serve the database', async () => {
    const asked: [number | undefined, string | null][] = [];
    let isServed = false;
    const forwarder = {
      lastOwner: () => (isServed ? {} : undefined),
      forward: async ({ waiting, resource }: ForwardedRequest) => {
        asked.push([waiting?.forMs, new URLSearchParams(resource.split('?')[1]).get('waitMs')]);
        isServed = !isServed;
        return { status: 200, headers: { [THROUGH_HEADER]: '7' }, body: new Uint8Array() };
      },
    } as unknown as Forwarder;
    const database = { id: 'database' as DatabaseId, tenantId: 'tenant' as TenantId } as DatabaseEntry;
    const query = { prefix: undefined, encoding: 'utf8' } as const;
    const requests = new FeedRequests(forwarder, () => () => undefined, {
      tenantId: database.tenantId,
      database,
      query,
      headers: {},
      requestId: 'one',
    });
    for (let part = 0; part < 3; part++) await requests.part(7, WAIT_MS, new AbortController().signal);
    expect(asked).toEqual([
      [0, '0'],
      [WAIT_MS, String(WAIT_MS)],
      [0, '0'],
    ]);
  });
});
