import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { Leasehold } from './src/leasehold.js';
import { expectStatus, signUp, type Tenant } from './src/api.js';

const PUTS = 1_000;
const PUTS_AT_ONCE = 32;

describe('a tenant and its database', () => {
  let leasehold: Leasehold;
  let tenant: Tenant;

  beforeAll(async () => {
    leasehold = await Leasehold.up();
    tenant = await signUp(leasehold.ready);
  }, 120_000);
  afterAll(() => leasehold?.stop(), 60_000);

  it('prints exactly one line of JSON once ready', () => {
    expect(leasehold.stdout).toHaveLength(1);
    expect(leasehold.ready.pids.workers).toHaveLength(2);
    expect(leasehold.ready.gateways).toEqual([leasehold.ready.gateway]);
  });

  it('serves the demo tenant whose key it prints', async () => {
    const { tenant: demo, gateway } = leasehold.ready;
    const response = await fetch(`${gateway}/v1/db/demo/keys?limit=1`, {
      headers: { authorization: `Bearer ${demo.apiKey}` },
    });
    expect(response.status).toBe(200);
  });

  it('keeps what is put, under versions that grow', async () => {
    const { database } = tenant;
    const first = await database.put('a', 'one');
    expectStatus(first, 200);
    const second = await database.put('a', 'two');
    const [before, after] = [first, second].map((answer) => answer.json<{ version: string }>().version) as [
      string,
      string,
    ];
    expect(after > before).toBe(true);
    const read = await database.get('a');
    expect(read.body.toString()).toBe('two');
    expect(read.headers.get('etag')).toBe(`"${after}"`);
    expect((await database.get('a', { 'if-none-match': `"${after}"` })).status).toBe(304);
  });

  it('refuses a conditional put with 412 and the present version', async () => {
    const { database } = tenant;
    const { version } = (await database.put('conditional', 'here')).json<{ version: string }>();
    const refused = await database.put('conditional', 'again', { 'if-none-match': '*' });
    expect(refused.status).toBe(412);
    expect(refused.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(refused.json()).toMatchObject({ code: 'precondition-failed', version });
    expect((await database.put('absent', 'x', { 'if-match': '*' })).json()).toMatchObject({ version: null });
    expectStatus(await database.put('conditional', 'swapped', { 'if-match': `"${version}"` }), 200);
    expect((await database.put('conditional', 'late', { 'if-match': `"${version}"` })).status).toBe(412);
    expect((await database.get('conditional')).body.toString()).toBe('swapped');
  });

  it('deletes, and tells an absent key from an empty value', async () => {
    const { database } = tenant;
    expectStatus(await database.put('empty', ''), 200);
    const empty = await database.get('empty');
    expect([empty.status, empty.body.byteLength]).toEqual([200, 0]);
    expectStatus(await database.delete('empty'), 200);
    expect((await database.get('empty')).json()).toMatchObject({ status: 404, code: 'key-not-found' });
  });

  it(`lists ${PUTS} puts in byte order, page by page`, async () => {
    const { database } = tenant;
    const keys = Array.from({ length: PUTS }, (_, n) => `list/${n % 3 === 0 ? 'é' : 'z'}${n}`);
    for (let at = 0; at < keys.length; at += PUTS_AT_ONCE) {
      const answers = await Promise.all(
        keys.slice(at, at + PUTS_AT_ONCE).map((key) => database.put(key, `value of ${key}`)),
      );
      for (const answer of answers) expectStatus(answer, 200);
    }
    const listed: { key: string; value: string }[] = [];
    let cursor: string | null = null;
    do {
      const page = await database.list({ prefix: 'list/', limit: '170', ...(cursor ? { cursor } : {}) });
      expectStatus(page, 200);
      const body = page.json<{ entries: { key: string; value: string }[]; cursor: string | null }>();
      expect(body.entries.length).toBeLessThanOrEqual(170);
      listed.push(...body.entries);
      cursor = body.cursor;
    } while (cursor !== null);
    const inByteOrder = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(listed.map((entry) => entry.key)).toEqual(inByteOrder);
    expect(listed.every((entry) => entry.value === `value of ${entry.key}`)).toBe(true);
  }, 60_000);

  it('keeps tenants apart', async () => {
    const other = await signUp(leasehold.ready);
    await tenant.database.put('secret', 'mine');
    expect((await other.database.get('secret')).status).toBe(404);
    const foreign = await fetch(`${leasehold.ready.gateway}/v1/db/never-made/keys/secret`, {
      headers: { authorization: `Bearer ${other.key}` },
    });
    expect(await foreign.json()).toMatchObject({ status: 404, code: 'database-not-found' });
  });

  it('names the owning session and its process', async () => {
    await tenant.database.put('owned', 'yes');
    const stats = await tenant.database.stats();
    expect(stats.session).toMatch(/^[0-9a-z]{26}$/);
    expect(leasehold.ready.pids.workers).toContain(stats.owner?.pid);
  });
});
