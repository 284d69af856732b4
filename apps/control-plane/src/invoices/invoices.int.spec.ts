import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { DatabaseId, SessionId } from '@leasehold/foundation';
import { UsageLedger } from '@leasehold/usage-ledger';

import { TestService, type Tenant } from '../testing/test-service.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const HOUR_MS = 3_600_000;
const [JUNE, JULY] = [Date.UTC(2026, 5), Date.UTC(2026, 6)] as const;
const KEY = '01jd000000000000000000000k';
const SESSIONS = ['01jd4zq0s8c3k5m7p9r1t3v5x7', '01jd4zq0s8c3k5m7p9r1t3v5x8'] as const;

interface LineBody {
  readonly meter: string | null;
  readonly amount: number;
  readonly entries: number;
  readonly digest: string | null;
}

describe('the invoices of an organization', () => {
  let service: TestService;
  let tenant: Tenant;
  let operator: string;
  let database: DatabaseId;
  let invoiceId: string;

  const get = (path: string, token = tenant.token) => service.call('GET', path, { token });
  const post = (path: string, json: object, token = operator) => service.call('POST', path, { token, json });

  beforeAll(async () => {
    service = await TestService.start();
    tenant = await service.signUp();
    const { metadata } = service;
    const admin = await service.signUp();
    await metadata.prisma.user.updateMany({ where: { email: admin.email }, data: { role: 'admin' } });
    operator = admin.token;
    const { organizationId } = tenant;
    await metadata.prisma.billingStart.updateMany({ data: { firstPeriod: new Date(JUNE) } });
    await metadata.prisma.organization.update({ where: { id: organizationId }, data: { createdAt: new Date(JUNE) } });
    await metadata.plans.put('pro', 'Pro', {});
    const price = (amount: string) => ({ amount, per: '1000000', included: '0' });
    const prices = {
      ...{ readUnits: price('40'), writeUnits: price('200'), egressBytes: price('0') },
      storedByteMs: { amount: '1', per: '3600000000000000', included: '0' },
    };
    await metadata.prisma.planVersion.create({
      data: {
        ...{ planId: 'pro', version: 1, effectiveFrom: new Date(0), currency: 'USD', fee: 2_000n, minimum: 0n, prices },
      },
    });
    await metadata.prisma.organizationPlan.create({ data: { organizationId, planId: 'pro', since: new Date(JUNE) } });
    const created = await service.call('POST', '/v1/databases', { token: tenant.token, json: { name: 'main' } });
    database = String(created.body['id']) as DatabaseId;
    const ledger = new UsageLedger(service.databaseUrl);
    const hour = JUNE / HOUR_MS;
    for (const [i, session] of SESSIONS.entries()) {
      await ledger.take({
        ...{ session: session as SessionId, number: 1, from: JUNE, to: JUNE + HOUR_MS },
        databases: [
          {
            database,
            writes:
              i === 0 ? [{ hour, from: { commits: 0, writeUnits: 0 }, to: { commits: 2, writeUnits: 1_500_000 } }] : [],
            reads: [{ hour: hour + i, key: KEY, requests: 2, readUnits: 1_000_000, egressBytes: 700 }],
            sizes: [{ at: JUNE + i * HOUR_MS, bytes: 500_000_000 }],
          },
        ],
      });
    }
    await ledger.passed(JULY + 48 * HOUR_MS);
    await ledger.close();
  });
  afterAll(() => service.close());

  it('are drafts before they are issued, computed at each ask', async () => {
    const { status, body } = await get('/v1/invoices/2026-06');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ...{ id: '2026-06', number: null, state: 'draft', currency: 'USD', total: 2_000 + 80 + 300 + 360, due: 2_740 },
      period: { from: '2026-06-01T00:00:00.000Z', to: '2026-07-01T00:00:00.000Z' },
      buyer: { name: 'Tenant 1' },
    });
    expect((await get('/v1/invoices')).body).toEqual({ invoices: [], cursor: null });
    const lines = (await get('/v1/invoices/2026-06/lines')).body['lines'] as LineBody[];
    expect(lines.map(({ meter, amount, entries }) => [meter, amount, entries])).toEqual([
      [null, 2_000, 0],
      ['readUnits', 80, 2],
      ['writeUnits', 300, 1],
      ['storedByteMs', 360, 2],
      ['egressBytes', 0, 2],
    ]);
    const digests = lines.filter(({ digest }) => /^[0-9a-f]{16}$/.test(digest ?? ''));
    expect(digests).toHaveLength(4);
    for (const month of ['2026-05', '2199-01', '2026-13', 'x'.repeat(500)]) {
      expect([month, (await get(`/v1/invoices/${month}`)).status]).toEqual([month, 404]);
    }
    expect((await get(`/v1/admin/tenants/${tenant.organizationId}/invoices/2026-06`, operator)).body).toEqual(body);
  });

  it('are issued to whom the organization says, and stay so', async () => {
    const details = { name: 'Buyer <Ltd.>', street: 'Łódź Street 1', country: 'PL', email: 'Bills@Example.com' };
    const put = await service.call('PUT', '/v1/billing-details', { token: tenant.token, json: details });
    expect(put.body).toEqual({
      ...{ ...details, email: 'bills@example.com', postalCode: '', city: '', region: '', taxId: '' },
    });
    expect((await get('/v1/billing-details')).body).toEqual(put.body);
    const seller = { name: 'Leasehold Ltd.', address: ['1 Some Street', 'Some Town'] };
    const issuer = await service.call('PUT', '/v1/admin/billing-issuer', { token: operator, json: seller });
    expect(issuer.body).toEqual({ ...seller, taxId: '' });
    const { invoices } = service.metadata;
    const done = await invoices.finalize(tenant.organizationId, JUNE, { now: Date.now(), marginMs: 24 * HOUR_MS });
    expect(done.outcome).toBe('finalized');
    invoiceId = 'invoiceId' in done ? done.invoiceId : '';
    await service.call('PUT', '/v1/billing-details', { token: tenant.token, json: { name: 'Another' } });
    const { body } = await get(`/v1/invoices/${invoiceId}`);
    expect(body).toMatchObject({
      ...{ id: invoiceId, number: 'INV-000001', state: 'finalized', total: 2_740, credited: 0, due: 2_740 },
      ...{ buyer: put.body, issuer: { ...seller, taxId: '' } },
    });
    expect((await get('/v1/invoices/2026-06')).body).toEqual(body);
    expect((await get('/v1/invoices')).body).toEqual({ invoices: [body], cursor: null });
    expect((await get(`/v1/admin/invoices/${invoiceId}`, operator)).body).toEqual(body);
  });

  it('tell their lines, the databases of each, and the records that they come from, page by page', async () => {
    const paged = async (what: string) => {
      const items: unknown[] = [];
      for (let cursor = ''; items.length < 20;) {
        const query = `limit=1${cursor && `&cursor=${cursor}`}`;
        const { status, body } = await get(`/v1/invoices/${invoiceId}/${what}?${query}`);
        expect(status).toBe(200);
        items.push(...(body[what] as unknown[]));
        if (body['cursor'] === null) break;
        cursor = String(body['cursor']);
      }
      return items;
    };
    for (const what of ['lines', 'databases', 'records']) {
      const whole = (await get(`/v1/invoices/${invoiceId}/${what}`)).body;
      expect(await paged(what)).toEqual(whole[what]);
      expect(whole['cursor']).toBeNull();
      if (what !== 'records') {
        expect((await get(`/v1/admin/invoices/${invoiceId}/${what}`, operator)).body).toEqual(whole);
      }
      for (const cursor of ['YQ', 'x', '%00']) {
        expect((await get(`/v1/invoices/${invoiceId}/${what}?cursor=${cursor}`)).status).toBe(400);
      }
    }
    const made = (text: string) => Buffer.from(text).toString('base64url');
    const places = [`databases?cursor=${made(`1 ${'-'.repeat(36)}`)}`, `lines?cursor=${made('9999999999')}`];
    for (const path of [...places.map((place) => `/${invoiceId}/${place}`), `?cursor=${made('0000-01')}`]) {
      const answer = await get(`/v1/invoices${path}`);
      expect([path, answer.status, answer.body['code']]).toEqual([path, 400, 'invalid-cursor']);
    }
    expect(await paged('lines')).toMatchObject([
      { line: 1, kind: 'fee', plan: 'pro', planVersion: 1, entries: 0, digest: null },
      {
        ...{ line: 2, meter: 'readUnits', quantity: '2000000', included: '0', entries: 2 },
        ...{ price: { amount: 40, per: '1000000' }, firstAt: '2026-06-01T00:00:00.000Z' },
        lastAt: '2026-06-01T01:00:00.000Z',
      },
      { line: 3, meter: 'writeUnits', quantity: '1500000', entries: 1 },
      { line: 4, meter: 'storedByteMs', entries: 2 },
      { line: 5, meter: 'egressBytes', quantity: '1400', amount: 0 },
    ]);
    expect(await paged('databases')).toMatchObject(
      [2, 3, 4, 5].map((line) => ({ line, database, name: 'main', deletedAt: null })),
    );
    expect(await paged('records')).toEqual(SESSIONS.map((session) => ({ session, first: 1, last: 1, count: 1 })));
  });

  it('are pages and PDFs, the same bytes each time', async () => {
    const page = await get(`/v1/invoices/${invoiceId}/html`);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.text).toContain('Buyer &lt;Ltd.&gt;');
    expect(page.text).toContain('Łódź Street 1');
    expect(page.text).toContain('27.40 USD');
    expect(page.text).not.toMatch(/<script|Ltd\.>|src=/);
    const [first, second] = [await get(`/v1/invoices/${invoiceId}/pdf`), await get(`/v1/invoices/${invoiceId}/pdf`)];
    expect([first.status, first.headers.get('content-type')]).toEqual([200, 'application/pdf']);
    expect(first.headers.get('content-disposition')).toContain('INV-000001.pdf');
    expect(first.text).toMatch(/^%PDF-1\.\d/);
    expect(first.text.trimEnd().endsWith('%%EOF')).toBe(true);
    expect(second.text).toBe(first.text);
    expect((await get('/v1/invoices/2026-07/html')).text).toContain('Draft of an invoice');
  });

  it('are paid, and credited up to what was billed, as operators say', async () => {
    const pay = (payment: string) => post(`/v1/admin/invoices/${invoiceId}/paid`, { payment });
    const { status, body } = await pay('bank transfer');
    expect([status, body]).toEqual([200, expect.objectContaining({ state: 'paid', payment: 'bank transfer', due: 0 })]);
    expect((await pay('once more')).body).toEqual(body);
    const voided = await post(`/v1/admin/invoices/${invoiceId}/void`, { reason: 'x' });
    expect([voided.status, voided.body['code'], voided.body['state']]).toEqual([409, 'conflict', 'paid']);
    const credit = (amount: number) =>
      post(`/v1/admin/invoices/${invoiceId}/credit-notes`, { amount, reason: 'an outage' });
    const note = await credit(2_000);
    expect([note.status, note.body]).toEqual([201, expect.objectContaining({ number: 'CN-000001', amount: 2_000 })]);
    const tooMuch = await credit(741);
    expect([tooMuch.status, tooMuch.body['left']]).toEqual([409, 740]);
    expect((await get(`/v1/invoices/${invoiceId}`)).body).toMatchObject({
      state: 'paid',
      credited: 2_000,
      total: 2_740,
    });
    expect((await get(`/v1/invoices/${invoiceId}/credit-notes`)).body).toEqual({ creditNotes: [note.body] });
    const told = await get(`/v1/admin/invoices/${invoiceId}/credit-notes`, operator);
    expect(told.body).toEqual({ creditNotes: [note.body] });
    expect((await get(`/v1/invoices/${invoiceId}/html`)).text).toContain('CN-000001');
    for (const route of ['paid', 'void', 'credit-notes']) {
      const json = route === 'paid' ? { payment: 'x' } : { reason: 'x', ...(route === 'void' ? {} : { amount: 1 }) };
      expect((await post(`/v1/admin/invoices/none/${route}`, json)).status).toBe(404);
      expect((await post(`/v1/admin/invoices/${invoiceId}/${route}`, json, tenant.token)).status).toBe(403);
    }
  });

  it('go by prices that operators set for the future, and that never change', async () => {
    const price = { amount: 3, per: '1000', included: '5' };
    const prices = { readUnits: price, writeUnits: price, storedByteMs: price, egressBytes: price };
    const version = { effectiveFrom: '2100-01-01T00:00:00Z', currency: 'USD', fee: 5, minimum: 6, prices };
    const add = (more: object, plan = 'pro') => post(`/v1/admin/plans/${plan}/versions`, { ...version, ...more });
    const added = await add({});
    expect([added.status, added.body]).toEqual([
      201,
      expect.objectContaining({ plan: 'pro', version: 2, fee: 5, minimum: 6, prices }),
    ]);
    for (const more of [
      { effectiveFrom: '2026-01-01T00:00:00Z' },
      { effectiveFrom: '2100-02-01T00:30:00Z' },
      { effectiveFrom: '2100-01-01T00:00:00Z' },
      { effectiveFrom: '2100-02-01T00:00:00Z', currency: 'EUR' },
    ]) {
      const { status, body } = await add(more);
      expect([more, status, body['code']]).toEqual([more, 409, 'conflict']);
    }
    for (const more of [{ fee: 0.5 }, { fee: -1 }, { currency: 'usd' }, { prices: {} }, { effectiveFrom: 'soon' }]) {
      expect([more, (await add(more)).status]).toEqual([more, 400]);
    }
    const dearest = { ...price, amount: 10 ** 12 };
    for (const [meter, per] of [
      ['readUnits', '99999999'],
      ['egressBytes', '999999999999'],
    ] as const) {
      const { status, body } = await add({ prices: { ...prices, [meter]: { ...dearest, per } } });
      expect([status, body['code'], body['errors']]).toMatchObject([
        400,
        'invalid-body',
        [{ member: `prices.${meter}` }],
      ]);
    }
    expect((await add({}, 'none')).status).toBe(404);
    const all = await get('/v1/admin/plans/pro/versions', operator);
    expect((all.body['versions'] as { version: number }[]).map((each) => each.version)).toEqual([1, 2]);
    const { body } = await get('/v1/prices');
    expect((body['plans'] as { plan: string }[]).map(({ plan }) => plan)).toEqual(['free', 'pro']);
    expect((body['versions'] as { plan: string }[]).map(({ plan }) => plan)).toEqual(['free', 'pro', 'pro']);
  });

  it('are nothing to keys of some databases only', async () => {
    const confined = await service.createKey(tenant, ['usage:read'], { databases: ['main'] });
    for (const path of ['/v1/invoices', '/v1/invoices/2026-06', '/v1/prices']) {
      expect((await get(path, confined.key)).status).toBe(403);
    }
    const { key } = await service.createKey(tenant, ['usage:read']);
    expect((await get('/v1/invoices', key)).status).toBe(200);
  });
});
