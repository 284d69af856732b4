import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { openTestMetadata, type TestMetadata } from '@leasehold/metadata-testing';

import { actAs } from './author.js';
import type { Metadata } from './metadata.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const SETTINGS = { url: 'https://hooks.example.com/', description: '', events: ['nothing.happens'], enabled: true };
const LIMIT = 32;
const PER_WEBHOOK = 4;

describe('deliveries', () => {
  let test: TestMetadata;
  let metadata: Metadata;
  let organizationId: string;

  beforeAll(async () => {
    test = await openTestMetadata();
    metadata = test.metadata;
    organizationId = await test.newOrganization();
  });
  afterAll(() => test.close());
  beforeEach(() => metadata.prisma.webhook.deleteMany());

  async function webhook(id: string, waiting: number): Promise<void> {
    await metadata.webhooks.create(organizationId, id, SETTINGS);
    await metadata.prisma.$executeRaw`
      INSERT INTO webhook_deliveries (webhook_id, message_id, event, payload)
      SELECT ${id}, 'msg_' || n, 'webhook.test', '{}' FROM generate_series(1, ${waiting}::int) AS n`;
  }
  const claim = async (limit = LIMIT, underWay?: ReadonlyMap<string, number>) => {
    const now = new Date(Date.now() + 1_000);
    const until = new Date(now.getTime() + 60_000);
    const claimed = await metadata.deliveries.claim(now, until, limit, PER_WEBHOOK, underWay);
    return claimed.map(({ webhookId }) => webhookId).sort();
  };

  it('are claimed in turns, however many wait for one webhook, and for longer', async () => {
    await webhook('crowd', 5_000);
    await webhook('quiet', 1);
    await webhook('other', 2);
    expect(await claim()).toEqual([...Array<string>(4).fill('crowd'), 'other', 'other', 'quiet']);
    expect(await claim()).toEqual(Array(4).fill('crowd'));
  });

  it('are claimed one of each webhook before the second of any where there is little room', async () => {
    await webhook('crowd', 5_000);
    await webhook('other', 2);
    expect(await claim(3)).toEqual(['crowd', 'crowd', 'other']);
  });

  it('are no more to one webhook than may be under way at the same time', async () => {
    await webhook('crowd', 100);
    await webhook('other', 100);
    const underWay = new Map([
      ['crowd', 4],
      ['other', 3],
    ]);
    expect(await claim(LIMIT, underWay)).toEqual(['other']);
  });

  it('tell what changed, and neither from where nor by which program somebody called', async () => {
    await metadata.webhooks.create(organizationId, 'all', { ...SETTINGS, events: [] });
    const { userId } = await metadata.prisma.member.findFirstOrThrow({ where: { organizationId } });
    const caller = { ipAddress: '192.0.2.77', userAgent: 'some-program/1.0' };
    const session = {
      id: 's1',
      userId,
      token: 'token-of-a-session',
      expiresAt: new Date(Date.now() + 60_000),
      ...caller,
    };
    const author = { kind: 'user', id: userId, address: '192.0.2.78', agent: 'another-program/1.0' } as const;
    await actAs(author, async () => await metadata.prisma.session.create({ data: session }));
    await metadata.prisma.session.delete({ where: { id: 's1' } });
    const told = await metadata.prisma.webhookDelivery.findMany({
      where: { webhookId: 'all' },
      orderBy: { id: 'asc' },
    });
    expect(told.map(({ event }) => event)).toEqual(['webhook.created', 'session.started', 'session.ended']);
    expect(JSON.parse(told[1]?.payload ?? '')).toMatchObject({ data: { actor: { kind: 'user', id: userId } } });
    const text = told.map(({ payload }) => payload).join('\n');
    expect(text).toContain(`"user_id": "${userId}"`);
    expect(text).not.toMatch(/192\.0\.2|program|token-of/);
  });

  it('wait while their webhook is paused or disabled', async () => {
    await webhook('paused', 1);
    await webhook('disabled', 1);
    await metadata.prisma.webhook.update({
      where: { id: 'paused' },
      data: { pausedUntil: new Date(Date.now() + 60_000) },
    });
    await metadata.webhooks.change(organizationId, 'disabled', { enabled: false });
    expect(await claim()).toEqual([]);
    await metadata.webhooks.change(organizationId, 'disabled', { enabled: true });
    expect(await claim()).toEqual(['disabled']);
  });

  it('are forgotten when they are old, the oldest first, and no more at a time than is said', async () => {
    await webhook('old', 5);
    await metadata.prisma.$executeRaw`UPDATE webhook_deliveries SET created_at = to_timestamp(id)`;
    const ids = async () => (await metadata.deliveries.list('old', undefined, 10)).map(({ id }) => Number(id));
    const [last = 0] = await ids();
    expect(await metadata.deliveries.prune(new Date(0), 10)).toBe(0);
    expect(await metadata.deliveries.prune(new Date(), 3)).toBe(3);
    expect(await ids()).toEqual([last, last - 1]);
    expect(await metadata.deliveries.prune(new Date(last * 1_000), 10)).toBe(1);
    expect(await ids()).toEqual([last]);
  });
});
