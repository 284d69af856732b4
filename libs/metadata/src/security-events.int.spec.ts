import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { openTestMetadata, type TestMetadata } from '@leasehold/metadata-testing';

import type { Metadata } from './metadata.js';
import { SECURITY_EVENTS_LIMIT } from './security-events.js';

jest.setTimeout(60_000);

const HOUR_MS = 3_600_000;
const at = (hour: number, ms = 0) => new Date(Date.UTC(2030, 0, 1) + hour * HOUR_MS + ms);
const from = (address: string) => ({ network: address, address, agent: undefined });

describe('what was refused at accounts', () => {
  let test: TestMetadata;
  let metadata: Metadata;

  beforeAll(async () => {
    test = await openTestMetadata();
    metadata = test.metadata;
    for (const id of ['ann', 'bob', 'cid']) {
      await metadata.prisma.user.create({ data: { id, name: id, email: `${id}@example.com` } });
    }
  });
  afterAll(() => test.close());

  it('is one row for each kind, network and hour', async () => {
    const { securityEvents } = metadata;
    await Promise.all([1, 2, 3].map((ms) => securityEvents.note('ann', 'code-refused', from('192.0.2.1'), at(1, ms))));
    await securityEvents.noteByEmail('ann@example.com', 'code-refused', from('192.0.2.2'), at(1, 9));
    await securityEvents.note('ann', 'password-refused', from('192.0.2.1'), at(1, 10));
    await securityEvents.note('ann', 'code-refused', from('192.0.2.1'), at(2));
    await securityEvents.noteByEmail('nobody@example.com', 'code-refused', from('192.0.2.1'), at(2));
    const told = (await securityEvents.list('ann')).map(({ kind, address, attempts }) => [kind, address, attempts]);
    expect(told).toEqual([
      ['code-refused', '192.0.2.1', 1],
      ['password-refused', '192.0.2.1', 1],
      ['code-refused', '192.0.2.2', 1],
      ['code-refused', '192.0.2.1', 3],
    ]);
    expect(await securityEvents.list('bob')).toEqual([]);
  });

  it('is no more than a hundred rows of a person, the latest', async () => {
    const { securityEvents } = metadata;
    await securityEvents.note('bob', 'code-refused', from('192.0.2.1'), at(1));
    for (let i = 0; i < SECURITY_EVENTS_LIMIT + 5; i++) {
      await securityEvents.note('cid', 'code-refused', from(`host ${i}`), at(1, i));
    }
    // One that is there pushes none out.
    await securityEvents.note('cid', 'code-refused', from('host 50'), at(1, 1_000));
    const { prisma } = metadata;
    expect(await prisma.securityEvent.count({ where: { userId: 'cid' } })).toBe(SECURITY_EVENTS_LIMIT);
    const found = await securityEvents.list('cid');
    expect([found[0]?.address, found[0]?.attempts, found.at(-1)?.address]).toEqual(['host 50', 2, 'host 5']);
    expect(await securityEvents.list('bob')).toHaveLength(1);
  });

  it('goes when it is old, and with the person', async () => {
    const { securityEvents, prisma } = metadata;
    expect(await securityEvents.prune(at(1, 1))).toBe(1);
    expect(await securityEvents.list('bob')).toEqual([]);
    await prisma.user.delete({ where: { id: 'cid' } });
    expect(await securityEvents.list('cid')).toEqual([]);
    expect(await securityEvents.list('ann')).toHaveLength(4);
  });
});
