import { describe, expect, it } from '@jest/globals';
import { isDatabaseId } from '@leasehold/foundation';
import type { TenantId } from '@leasehold/foundation';

import { databaseIdOf } from './database-id-of.js';

const [A, B] = ['local', 'b'] as [TenantId, TenantId];

describe('the id of a database', () => {
  // Folders and buckets hold databases under these ids: whatever changes them loses all of it.
  it.each([
    [A, 'acme', '43bdd0c9-ffd8-8a6c-86ac-443b53dc877a'],
    [B, 'acme', 'dad91c74-c7bd-8ed1-9bbb-126d80d82f3c'],
  ])('is the same for ever: %s/%s', (tenant, name, id) => {
    expect(databaseIdOf(tenant, name)).toBe(id);
  });

  it('is an id, of version 8, and another one for another tenant or another name', () => {
    const ids = [A, B].flatMap((tenant) => Array.from({ length: 500 }, (_, n) => databaseIdOf(tenant, `db-${n}`)));
    expect(new Set(ids).size).toBe(1_000);
    for (const id of ids) {
      expect(isDatabaseId(id)).toBe(true);
      expect(id).toMatch(/^.{14}8.{4}[89ab]/);
    }
  });
});
