import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { createLogger } from '@leasehold/service-kit';

import { ACCESS_CALLS } from './testing/access/access-calls.js';
import { accessRows, COLUMNS } from './testing/access/access-table.js';
import { AccessWorld } from './testing/access/access-world.js';
import { TestService, type Answer } from './testing/test-service.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(120_000);

const TABLE_FILE = 'apps/control-plane/src/testing/access/access-table.ts';
const CALLS_FILE = 'apps/control-plane/src/testing/access/access-calls.ts';
const CONSOLE = fileURLToPath(new URL('testing/console/', import.meta.url));
/** better-auth answers these paths itself: each that is open has a row, and one that is not. */
const CATCH_ALL = '/api/auth/*';

/** On every answer, whatever it says and to whom. */
const HEADERS = {
  'content-security-policy': expect.stringContaining("default-src 'none'") as unknown,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};
const SECRET_MEMBERS = new Set([
  'key',
  'token',
  'secret',
  'uri',
  'password',
  'currentPassword',
  'newPassword',
  'backupCodes',
]);
/** Shorter texts may stand in a log for other reasons. */
const MIN_SECRET_CHARS = 12;

describe('who may call what', () => {
  const logged: string[] = [];
  const secrets = new Set<string>();
  let mailbox: string;
  let service: TestService;
  const rows = accessRows();

  beforeAll(async () => {
    mailbox = await mkdtemp(join(tmpdir(), 'leasehold-matrix-'));
    service = await TestService.start(
      {
        MAILBOX_DIR: mailbox,
        PUBLIC_URL: 'http://127.0.0.1:4001',
        CONSOLE_DIR: CONSOLE,
      },
      createLogger('control-plane', 'trace', { write: (line: string) => void logged.push(line) }),
    );
  });
  afterAll(async () => {
    await service.close();
    await rm(mailbox, { recursive: true, force: true });
  });

  it('is said of every route of the running service', () => {
    const said = new Set(rows.map(({ route }) => route));
    const unsaid = service.routes.filter((route) => !route.endsWith(CATCH_ALL) && !said.has(route));
    const advice = unsaid.map(
      (route) => `${route}: add its row to ${TABLE_FILE}, and to ${CALLS_FILE} what it is called with`,
    );
    expect(advice).toEqual([]);
  });

  it('is said of no route that is not there', () => {
    const there = new Set(service.routes);
    const gone = rows.filter(({ route }) => !route.includes(' /api/auth/') && !there.has(route));
    expect(gone.map(({ route }) => route)).toEqual([]);
  });

  it.each(rows)('$route', async ({ route, expected }) => {
    const world = await AccessWorld.make(service);
    const [method = '', pattern = ''] = route.split(' ');
    const makeCall = ACCESS_CALLS[route];
    if (!makeCall && pattern.includes(':'))
      throw new Error(`${route}: ${CALLS_FILE} does not say what it is called with`);
    const told: Record<string, string> = {};
    const wanted: Record<string, string> = {};
    for (const column of COLUMNS) {
      const caller = world.caller(column);
      const { path, json } = (await makeCall?.(world, caller)) ?? { path: pattern };
      // Where callers are known, so that what is kept of the answers is looked at too.
      const isKeyed =
        method !== 'GET' &&
        path.startsWith('/v1/') &&
        expected.get('nobody') === 401 &&
        new Set(expected.values()).size > 1;
      const answer = await service.call(method, path, {
        ...(isKeyed ? { headers: { 'idempotency-key': `${route}-${column}`.replaceAll(' ', '-') } } : {}),
        ...(caller.token === undefined ? {} : { token: caller.token }),
        ...(json === undefined ? {} : { json }),
      });
      note({ token: caller.token }, json ?? {}, answer.body);
      for (const cookie of answer.headers.getSetCookie()) note({ token: /=([^;]*)/.exec(cookie)?.[1] });
      expectHeaders(path, answer);
      const status = expected.get(column) ?? 0;
      wanted[column] = `${status}`;
      // What a caller was told that is not as it should be is worth more than its number.
      told[column] = answer.status === status ? `${status}` : `${answer.status}: ${answer.text}`;
      if (column === 'foreign') expect(answer.text).not.toContain(world.organizationId);
    }
    expect(told).toEqual(wanted);
  });

  it('is answered without a word about it in the logs that is a secret of anybody', () => {
    expect(logged.length).toBeGreaterThan(rows.length * COLUMNS.length);
    // Everybody but `nobody` has a token or a key, another one in each row.
    expect(secrets.size).toBeGreaterThanOrEqual(rows.length * (COLUMNS.length - 1));
    const text = logged.join('');
    expect(text).toContain('/v1/keys/:id/rotate');
    expect([...secrets].filter((secret) => text.includes(secret))).toEqual([]);
  });

  it('is kept of answers without a secret of anybody', async () => {
    const kept = await service.metadata.prisma.idempotencyKey.findMany({ select: { body: true, headers: true } });
    expect(kept.length).toBeGreaterThan(50);
    const text = JSON.stringify(kept);
    expect([...secrets].filter((secret) => text.includes(secret))).toEqual([]);
  });

  function note(...told: readonly (object | null)[]): void {
    for (const [name, value] of told.flatMap((members) => Object.entries(members ?? {}))) {
      if (!SECRET_MEMBERS.has(name)) continue;
      for (const text of [value as unknown].flat()) {
        if (typeof text === 'string' && text.length >= MIN_SECRET_CHARS) secrets.add(text);
      }
    }
  }

  function expectHeaders(path: string, { headers }: Answer): void {
    const found = Object.fromEntries(Object.keys(HEADERS).map((name) => [name, headers.get(name)]));
    expect([path, found]).toEqual([path, HEADERS]);
    if (path.startsWith('/v1/')) expect([path, headers.get('cache-control')]).toEqual([path, 'no-store']);
  }
});
