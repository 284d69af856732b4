import { describe, expect, it } from '@jest/globals';
import pg from 'pg';

import { QuietClient } from './quiet-client.js';

describe('a quiet client', () => {
  it('survives a cut between two queries, which a plain one does not', () => {
    const cut = new Error('Connection terminated unexpectedly');
    expect(() => new pg.Client().emit('error', cut)).toThrow('terminated unexpectedly');
    expect(() => new QuietClient().emit('error', cut)).not.toThrow();
  });

  it('is what a pool makes when it is told so', () => {
    const pool = new pg.Pool({ Client: QuietClient } as unknown as pg.PoolConfig);
    expect((pool as unknown as { Client: unknown }).Client).toBe(QuietClient);
  });
});
