import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Metadata } from '@leasehold/metadata';
import { createLogger } from '@leasehold/service-kit';
import type { Type } from '@nestjs/common';

import { storedToken } from '../auth/session-token.js';
import { readConfig } from '../config.js';
import { controlPlaneModule, type ControlPlaneParts } from '../control-plane-module.js';
import { mutatingRoutes } from '../testing/mutating-routes.js';
import { TestMailbox } from '../testing/test-mailbox.js';
import { newSigningKey, TestService, type Answer, type Call, type Tenant } from '../testing/test-service.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(120_000);

const PUBLIC_URL = 'http://localhost:4001';
const OPERATOR = { ADMIN_EMAIL: 'operator@example.com', ADMIN_PASSWORD: 'operators password' };

/** What a call leaves: action and kind of actor of each entry, in their order. */
type Left = readonly string[];
type Step = readonly [route: string, call: () => Promise<Answer>, left: Left];

/** Routes that leave nothing, and why. */
const NOTHING: Readonly<Record<string, string>> = {
  'POST /v1/email-verification/mail': 'a mail changes nothing',
  'POST /v1/password-reset/mail': 'a mail changes nothing',
  'POST /v1/tokens': 'nothing is stored; what the token may was given to its maker by audited changes',
  'POST /v1/databases/delete': 'what it deletes is told database by database, when it is deleted',
  'POST /v1/operations/:id/cancel': 'what is not done is not told',
  'POST /v1/webhooks/:id/test': 'a delivery changes nothing',
  'POST /v1/webhooks/:id/deliveries/:deliveryId/redeliver': 'a delivery changes nothing',
  'POST /v1/payments/checkout': 'a page of the provider changes nothing; what is left on it is told when it is known',
  'POST /v1/payments/stripe/events': 'a hint to look',
  'POST /v1/admin/jobs/:kind/failed/:id/retry': 'a job is tried again: no change of accounts, keys or databases',
};

/**
 * Routes whose tables are audited, which the tests of libs/metadata prove, and that have no step here: they need more than one request. What
 * cancels a job changes no table; that it is noted is proved with the job.
 */
const BY_TABLE: readonly string[] = [
  ...['organization', 'databases/:nameOrId', 'keys/:id'].flatMap((of) => [
    `PUT /v1/budgets/${of}`,
    `DELETE /v1/budgets/${of}`,
  ]),
  'PUT /v1/billing-details',
  'PUT /v1/admin/billing-issuer',
  'PUT /v1/admin/provider-prices/:month',
  'POST /v1/admin/plans/:id/versions',
  'POST /v1/admin/invoices/:id/paid',
  'POST /v1/admin/jobs/:kind/running/:id/cancel',
  'POST /v1/admin/invoices/:id/void',
  'POST /v1/admin/invoices/:id/credit-notes',
  'DELETE /v1/identity-providers/:name',
  'PUT /v1/identity-providers/:name',
  'POST /v1/databases/delete',
  'POST /v1/operations/:id/cancel',
  'POST /v1/login/second-factor',
  'POST /v1/second-factor',
  'POST /v1/second-factor/confirm',
  'POST /v1/second-factor/disable',
  'POST /v1/second-factor/backup-codes',
  'POST /v1/sessions/current/organization',
];

describe('the audit log over HTTP', () => {
  let service: TestService;
  let mailbox: TestMailbox;
  let owner: Tenant;
  let other: Tenant;
  let operator: string;
  /** Shown once, and to be found nowhere. */
  const secrets: string[] = [];

  beforeAll(async () => {
    mailbox = await TestMailbox.open(PUBLIC_URL);
    service = await TestService.start({ PUBLIC_URL, MAILBOX_DIR: mailbox.folder, ...OPERATOR });
    other = await service.signUp();
  });
  afterAll(async () => {
    await service.close();
    await mailbox.close();
  });

  const call = (method: string, path: string, token?: string, json?: unknown, more: Call = {}) =>
    service.call(method, path, {
      ...(token === undefined ? {} : { token }),
      ...(json === undefined ? {} : { json }),
      ...more,
    });
  const entries = async (after: bigint) =>
    service.metadata.prisma.auditEntry.findMany({ where: { id: { gt: after } }, orderBy: { id: 'asc' } });
  const last = async () => (await service.metadata.prisma.auditEntry.findFirst({ orderBy: { id: 'desc' } }))?.id ?? 0n;
  const own = (path: string, token: string, json: object) =>
    call('POST', `/api/auth${path}`, token, json, { headers: { origin: PUBLIC_URL } });

  it('has exactly the entries of each route that changes something, and every such route is here', async () => {
    const password = 'password of owner';
    let keyId = '';
    let database = '';
    let invitation = '';
    let session = '';
    let webhook = '';
    let resetToken = '';
    let joiner: Tenant;
    const token = () => owner.token;
    const join = async (email: string, position = 1) =>
      mailbox.tokenOf(email, 'invitation', position).then((found) => (secrets.push(found), found));
    const invite = async (email: string) => {
      const answer = await call('POST', '/v1/invitations', token(), { email, role: 'developer' });
      invitation = String(answer.body['id']);
      return answer;
    };
    const steps: readonly Step[] = [
      [
        'POST /v1/signup',
        async () => {
          const json = { email: 'owner@example.com', password, organization: 'Owned' };
          const answer = await call('POST', '/v1/signup', undefined, json);
          const { id } = answer.body['organization'] as { id: string };
          owner = { ...json, token: String(answer.body['token']), cookie: '', organizationId: id };
          return answer;
        },
        [
          'user.created user',
          'password.set user',
          'organization.created user',
          'member.added user',
          'session.started user',
        ],
      ],
      [
        'POST /v1/login',
        () => call('POST', '/v1/login', undefined, { email: owner.email, password }),
        ['session.started user'],
      ],
      ['DELETE /v1/sessions', () => call('DELETE', '/v1/sessions', token()), ['session.ended user']],
      [
        'POST /v1/login',
        async () => {
          const answer = await call('POST', '/v1/login', undefined, { email: owner.email, password });
          const found = await service.metadata.prisma.session.findFirst({
            where: { token: storedToken(String(answer.body['token'])) },
          });
          session = found?.id ?? '';
          return answer;
        },
        ['session.started user'],
      ],
      ['DELETE /v1/sessions/:id', () => call('DELETE', `/v1/sessions/${session}`, token()), ['session.ended user']],
      ['POST /v1/email-verification/mail', () => call('POST', '/v1/email-verification/mail', token()), []],
      [
        'POST /v1/email-verification',
        async () =>
          call('POST', '/v1/email-verification', undefined, {
            token: await mailbox.tokenOf(owner.email, 'verify-email', 1),
          }),
        ['user.email-verified user'],
      ],
      [
        'POST /v1/databases',
        async () => {
          const answer = await call('POST', '/v1/databases', token(), { name: 'one' });
          database = String(answer.body['id']);
          return answer;
        },
        ['database.created user'],
      ],
      [
        'PATCH /v1/databases/:nameOrId',
        () => call('PATCH', '/v1/databases/one', token(), { labels: { a: 'b' } }),
        ['database.changed user'],
      ],
      [
        'POST /v1/databases/:nameOrId/grants',
        () =>
          call('POST', '/v1/databases/one/grants', token(), { organizationId: other.organizationId, access: 'read' }),
        ['database-grant.created user'],
      ],
      [
        'DELETE /v1/databases/:nameOrId/grants/:organizationId',
        () => call('DELETE', `/v1/databases/one/grants/${other.organizationId}`, token()),
        ['database-grant.deleted user'],
      ],
      ['DELETE /v1/databases/:nameOrId', () => call('DELETE', '/v1/databases/one', token()), ['database.deleted user']],
      [
        'POST /v1/databases/:id/undelete',
        () => call('POST', `/v1/databases/${database}/undelete`, token(), {}),
        ['database.undeleted user'],
      ],
      [
        'POST /v1/tokens',
        async () => {
          const json = { database: 'one', scopes: ['data:read'], ttlSeconds: 60 };
          const answer = await call('POST', '/v1/tokens', token(), json);
          secrets.push(String(answer.body['token']));
          return answer;
        },
        [],
      ],
      [
        'POST /v1/keys',
        async () => {
          const answer = await call('POST', '/v1/keys', token(), { name: 'k', scopes: ['db:create', 'keys:admin'] });
          keyId = String(answer.body['id']);
          secrets.push(String(answer.body['key']));
          return answer;
        },
        ['api-key.created user'],
      ],
      [
        'POST /v1/databases',
        () => call('POST', '/v1/databases', secrets.at(-1), { name: 'by-key' }),
        ['database.created key'],
      ],
      [
        'POST /v1/keys/:id/rotate',
        async () => {
          const answer = await call('POST', `/v1/keys/${keyId}/rotate`, token(), {});
          secrets.push(String(answer.body['key']));
          return answer;
        },
        ['api-key.rotated user'],
      ],
      [
        'DELETE /v1/keys/:id/previous',
        () => call('DELETE', `/v1/keys/${keyId}/previous`, token()),
        ['api-key.previous-secret-ended user'],
      ],
      ['DELETE /v1/keys/:id', () => call('DELETE', `/v1/keys/${keyId}`, token()), ['api-key.revoked user']],
      ['DELETE /v1/keys/:id', () => call('DELETE', `/v1/keys/${keyId}`, token()), []],
      [
        'POST /v1/webhooks',
        async () => {
          const answer = await call('POST', '/v1/webhooks', token(), {
            url: 'https://hooks.example.com/',
            events: ['plan.created'],
          });
          webhook = String(answer.body['id']);
          secrets.push(String(answer.body['secret']));
          return answer;
        },
        ['webhook.created user'],
      ],
      [
        'PATCH /v1/webhooks/:id',
        () => call('PATCH', `/v1/webhooks/${webhook}`, token(), { enabled: false }),
        ['webhook.disabled user'],
      ],
      [
        'POST /v1/webhooks/:id/rotate',
        async () => {
          const answer = await call('POST', `/v1/webhooks/${webhook}/rotate`, token(), {});
          secrets.push(String(answer.body['secret']));
          return answer;
        },
        ['webhook.secret-rotated user'],
      ],
      ['DELETE /v1/webhooks/:id', () => call('DELETE', `/v1/webhooks/${webhook}`, token()), ['webhook.deleted user']],
      [
        'PUT /v1/cors',
        () => call('PUT', '/v1/cors', token(), { origins: ['https://a.example'] }),
        ['organization-settings.changed user'],
      ],
      [
        'PATCH /v1/organizations/current',
        () => call('PATCH', '/v1/organizations/current', token(), { name: 'Renamed' }),
        ['organization.changed user'],
      ],
      ['POST /v1/invitations', () => invite('gone@example.com'), ['invitation.created user']],
      [
        'DELETE /v1/invitations/:id',
        () => call('DELETE', `/v1/invitations/${invitation}`, token()),
        ['invitation.ended user'],
      ],
      ['POST /v1/invitations', () => invite('no@example.com'), ['invitation.created user']],
      [
        'POST /v1/invitations/decline',
        async () => call('POST', '/v1/invitations/decline', undefined, { token: await join('no@example.com') }),
        ['invitation.ended visitor'],
      ],
      [
        'POST /v1/invitations',
        async () => {
          joiner = await service.signUp();
          await service.metadata.prisma.user.updateMany({
            where: { email: joiner.email },
            data: { emailVerified: true },
          });
          return invite(joiner.email);
        },
        ['*', 'invitation.created user'],
      ],
      [
        'POST /v1/invitations/accept',
        async () => call('POST', '/v1/invitations/accept', joiner.token, { token: await join(joiner.email, 2) }),
        ['*', 'member.added user', '*'],
      ],
      [
        'PATCH /v1/members/:id',
        async () => call('PATCH', `/v1/members/${await memberOf(joiner.email)}`, token(), { role: 'viewer' }),
        ['member.role-changed user'],
      ],
      [
        'DELETE /v1/members/:id',
        async () => call('DELETE', `/v1/members/${await memberOf(joiner.email)}`, token()),
        ['member.removed user'],
      ],
      [
        'POST /v1/organizations',
        () => call('POST', '/v1/organizations', token(), { name: 'Second' }),
        ['*', 'organization.created user', '*'],
      ],
      [
        'POST /api/auth/change-password',
        () => own('/change-password', token(), { currentPassword: password, newPassword: 'the second password' }),
        ['password.changed user'],
      ],
      [
        'POST /v1/admin/tenants/:id/suspend',
        () => call('POST', `/v1/admin/tenants/${owner.organizationId}/suspend`, operator, { reason: 'unpaid' }),
        ['organization.suspended operator'],
      ],
      [
        'POST /v1/admin/tenants/:id/resume',
        () => call('POST', `/v1/admin/tenants/${owner.organizationId}/resume`, operator),
        ['organization.resumed operator'],
      ],
      [
        'PUT /v1/admin/plans/:id',
        () => call('PUT', '/v1/admin/plans/pro', operator, { name: 'Pro' }),
        ['plan.created operator'],
      ],
      [
        'PATCH /v1/admin/tenants/:id/quotas',
        () => call('PATCH', `/v1/admin/tenants/${owner.organizationId}/quotas`, operator, { databases: 9 }),
        ['quotas.changed operator'],
      ],
      [
        'POST /v1/password-reset/mail',
        async () => {
          const answer = await call('POST', '/v1/password-reset/mail', undefined, { email: owner.email });
          resetToken = await mailbox.tokenOf(owner.email, 'reset-password', 3);
          secrets.push(resetToken);
          return answer;
        },
        [],
      ],
      ['POST /v1/logout', () => call('POST', '/v1/logout', token()), ['session.ended user']],
      [
        'POST /v1/password-reset',
        () => call('POST', '/v1/password-reset', undefined, { token: resetToken, password: 'the third password' }),
        ['*', 'password.changed user', '*'],
      ],
    ];
    operator = await service
      .call('POST', '/v1/login', { json: { email: OPERATOR.ADMIN_EMAIL, password: OPERATOR.ADMIN_PASSWORD } })
      .then(({ body }) => String(body['token']));
    for (const [route, act, left] of steps) {
      const before = await last();
      const { status, text, headers } = await act();
      expect([route, text, status < 300]).toEqual([route, text, true]);
      const found = await entries(before);
      const told = found.map(({ action, actorKind }) => `${action} ${actorKind}`);
      if (left.includes('*')) expect(told).toEqual(expect.arrayContaining(left.filter((line) => line !== '*')));
      else expect([route, told]).toEqual([route, left]);
      // The last call of the step is the one that is looked at.
      const mine = found.filter(({ requestId }) => requestId === headers.get('x-request-id'));
      if (left.length > 0) expect([route, mine.length > 0]).toEqual([route, true]);
      for (const entry of mine) expect(entry).toMatchObject({ address: '127.0.0.1', agent: 'node' });
    }
    secrets.push(owner.token, 'the second password', 'the third password', password);
    const covered = new Set([...steps.map(([route]) => route), ...Object.keys(NOTHING), ...BY_TABLE]);
    const routes = mutatingRoutes(controllers()).filter((route) => !route.startsWith('ALL '));
    expect(routes.filter((route) => !covered.has(route))).toEqual([]);
    expect(routes.length).toBeGreaterThan(20);
  });

  async function memberOf(email: string): Promise<string> {
    const where = { user: { email }, organizationId: owner.organizationId };
    return (await service.metadata.prisma.member.findFirst({ where }))?.id ?? '';
  }

  async function userOf(email: string): Promise<string> {
    return (await service.metadata.prisma.user.findUnique({ where: { email } }))?.id ?? '';
  }

  it('holds no secret that anybody was ever shown, nor a hash', async () => {
    expect(secrets.length).toBeGreaterThan(8);
    const rows = await service.metadata.prisma.$queryRaw<
      { text: string }[]
    >`SELECT e::text AS text FROM audit_entries e`;
    const text = rows.map((row) => row.text).join('\n');
    for (const secret of secrets) expect([secret, text.includes(secret)]).toEqual([secret, false]);
    const hashes = await service.metadata.prisma.account.findMany({ select: { password: true } });
    for (const { password } of hashes) expect(text).not.toContain(password ?? 'missing');
    expect(text).not.toContain('secret_hash');
  });

  it('has nothing of what was refused', async () => {
    const before = await last();
    const key = (await service.createKey(other, ['data:read'])).key;
    const made = await last();
    expect((await call('POST', '/v1/databases', key, { name: 'no' })).status).toBe(403);
    expect((await call('POST', '/v1/databases', other.token, { name: 'NO' })).status).toBe(400);
    expect((await call('DELETE', '/v1/databases/missing', other.token)).status).toBe(404);
    expect((await call('PUT', '/v1/admin/plans/x', other.token, { name: 'X' })).status).toBe(403);
    expect((await call('DELETE', '/v1/sessions')).status).toBe(401);
    expect([(await entries(before)).length, (await entries(made)).length]).toEqual([1, 0]);
    const json = { email: other.email, password: 'a wrong password' };
    expect((await call('POST', '/v1/login', undefined, json)).status).toBe(401);
    expect(await entries(made)).toEqual([]);
  });

  it('is read by owner and admin alone, filtered and page by page, and exported whole', async () => {
    for (let i = 0; i < 7; i++) await call('POST', '/v1/databases', other.token, { name: `d${i}` });
    const read = (query: string, token = other.token) => call('GET', `/v1/audit${query}`, token);
    const ids = (answer: Answer) => (answer.body['entries'] as { id: string }[]).map(({ id }) => id);
    const all = ids(await read('?limit=1000'));
    const paged: string[] = [];
    for (let cursor = ''; ;) {
      const answer = await read(`?limit=4${cursor && `&cursor=${cursor}`}`);
      paged.push(...ids(answer));
      if (answer.body['cursor'] === null) break;
      cursor = String(answer.body['cursor']);
    }
    expect(paged).toEqual(all);
    expect(ids(await read('?action=database.created'))).toHaveLength(7);
    expect(ids(await read(`?actor=${await userOf(other.email)}&action=database.created&limit=2`))).toHaveLength(2);
    expect(ids(await read('?since=2999-01-01T00:00:00Z'))).toEqual([]);
    for (const bad of ['?since=yesterday', '?limit=0', '?cursor=YQ', '?what=1', '?action=', '?actor=%00']) {
      expect([bad, (await read(bad)).status]).toEqual([bad, 400]);
    }
    const exported = await call('GET', '/v1/audit.jsonl', other.token);
    expect(exported.headers.get('content-type')).toContain('application/jsonl');
    const lines = exported.text.trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(all);
    const table = await call('GET', '/v1/audit.csv', other.token);
    expect(table.headers.get('content-type')).toContain('text/csv');
    expect(table.headers.get('content-disposition')).toContain('audit.csv');
    const [head = '', ...rows] = table.text.trim().split('\r\n');
    expect(head.split(',').slice(0, 5)).toEqual(['id', 'at', 'actorKind', 'actorId', 'actorName']);
    expect(rows.map((line) => line.split(',')[0])).toEqual(all);
    await service.metadata.prisma.member.updateMany({
      where: { organizationId: other.organizationId },
      data: { role: 'developer' },
    });
    for (const path of ['/v1/audit', '/v1/audit.jsonl', '/v1/audit.csv'])
      expect((await call('GET', path, other.token)).status).toBe(403);
    await service.metadata.prisma.member.updateMany({
      where: { organizationId: other.organizationId },
      data: { role: 'owner' },
    });
    expect((await read('', (await service.createKey(other, ['keys:admin'])).key)).status).toBe(403);
  });

  it('shows nothing of another organization, and of operators only that it was one', async () => {
    for (const path of [
      '/v1/audit?limit=1000',
      '/v1/audit.jsonl',
      '/v1/audit.csv',
      `/v1/audit?subject=${owner.organizationId}`,
    ]) {
      const { text } = await call('GET', path, other.token);
      for (const theirs of [owner.organizationId, owner.email]) expect(text).not.toContain(theirs);
    }
    const json = { email: owner.email, password: 'the third password' };
    const token = String((await call('POST', '/v1/login', undefined, json)).body['token']);
    const { body, text } = await call('GET', '/v1/audit?action=organization.suspended', token);
    expect(body['entries']).toMatchObject([{ actor: { kind: 'operator', id: null, name: null }, address: null }]);
    for (const theirs of [OPERATOR.ADMIN_EMAIL, 'unpaid']) expect(text).not.toContain(theirs);
  });
});

/** As the running service has them. */
function controllers(): readonly Type[] {
  const databaseUrl = 'postgres://nobody@127.0.0.1:1/none';
  const config = readConfig({
    DATABASE_URL: databaseUrl,
    AUTH_SECRET: 's'.repeat(32),
    TOKEN_SIGNING_KEY: newSigningKey(),
  });
  const logger = createLogger('test', 'silent');
  const parts = { config, logger, metadata: Metadata.open({ databaseUrl }) };
  return (controlPlaneModule(parts as unknown as ControlPlaneParts).controllers ?? []) as readonly Type[];
}
