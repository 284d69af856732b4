import { describe, expect, it } from '@jest/globals';

import { queueSettingsProblem, queueStoreFrom } from './queue-store.js';

describe('queueStoreFrom', () => {
  const DATABASE_URL = 'postgres://localhost/leasehold';

  it('prefers Redis', () => {
    expect(queueStoreFrom({ DATABASE_URL, REDIS_URL: 'redis://localhost' }).kind).toBe('redis');
    expect(queueStoreFrom({ DATABASE_URL }).kind).toBe('postgres');
    expect(queueStoreFrom({ DATABASE_URL, REDIS_URL: '' }).kind).toBe('postgres');
  });

  it('has other queues in the same Redis for another bucket', () => {
    const namespaceOf = (S3_BUCKET?: string) => queueStoreFrom({ REDIS_URL: 'redis://localhost', S3_BUCKET }).namespace;
    expect([namespaceOf('one'), namespaceOf('two'), namespaceOf()]).toEqual([
      'leasehold_jobs:one',
      'leasehold_jobs:two',
      'leasehold_jobs:leasehold',
    ]);
  });

  it('refuses to run without either', () => {
    expect(() => queueStoreFrom({})).toThrow(/REDIS_URL or DATABASE_URL/);
  });
});

describe('a configuration', () => {
  it('is told which setting keeps it from having queues, and not what it was', () => {
    expect(queueSettingsProblem({ REDIS_URL: 'redis://localhost' })).toBeUndefined();
    expect(queueSettingsProblem({})).toMatchObject({ path: ['DATABASE_URL'] });
    const wrong = queueSettingsProblem({ REDIS_URL: 'http://:secret@localhost' });
    expect(wrong).toMatchObject({ path: ['REDIS_URL'] });
    expect(wrong?.message).not.toContain('secret');
  });
});
