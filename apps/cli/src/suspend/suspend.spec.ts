import { beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '@leasehold/foundation';
import { MemoryStore, StoreUnavailableError } from '@leasehold/object-store';

import { CliError } from '../cli-error.js';
import type { OpenBucket } from '../scrub/open-bucket.js';
import { listSuspended, resume, suspend } from './suspend.js';

describe('the command that suspends', () => {
  let bucket: OpenBucket;
  let printed: string[];
  const terminal = { say: () => undefined, result: (text: string) => void printed.push(text) };

  beforeEach(() => {
    bucket = { store: new MemoryStore(systemClock), name: 'the bucket', close: async () => undefined };
    printed = [];
  });

  const listed = async () => {
    printed = [];
    await listSuspended(bucket, terminal);
    return printed.map((line) => JSON.parse(line) as { tenant: string; reason: string; by: string });
  };

  it('suspends, shows and resumes tenants in the bucket alone', async () => {
    expect(await listed()).toEqual([]);
    await suspend(bucket, 'acme', ' abuse ', terminal);
    await suspend(bucket, 'other', 'unpaid', terminal);
    expect(await listed()).toMatchObject([
      { tenant: 'acme', reason: 'abuse', by: expect.stringContaining('@') },
      { tenant: 'other', reason: 'unpaid' },
    ]);
    await resume(bucket, 'acme', terminal);
    await resume(bucket, 'acme', terminal);
    expect((await listed()).map(({ tenant }) => tenant)).toEqual(['other']);
  });

  it.each([
    ['no id', '../x', 'abuse'],
    ['no reason', 'acme', '  '],
    ['a reason without end', 'acme', 'x'.repeat(501)],
  ])('writes nothing for %s', async (_what, tenant, reason) => {
    await expect(suspend(bucket, tenant, reason, terminal)).rejects.toBeInstanceOf(CliError);
    expect(await listed()).toEqual([]);
  });

  it('says in a line that the bucket does not answer', async () => {
    const list = () => Promise.reject(new StoreUnavailableError('down'));
    const down = { ...bucket, store: Object.assign(Object.create(bucket.store) as typeof bucket.store, { list }) };
    await expect(suspend(down, 'acme', 'abuse', terminal)).rejects.toThrow(/^the bucket: /);
  });
});
