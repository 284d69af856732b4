import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { ACCESS_CALLS } from './testing/access/access-calls.js';
import { accessRows, COLUMNS } from './testing/access/access-table.js';
import { AccessWorld } from './testing/access/access-world.js';
import { TestService } from './testing/test-service.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(120_000);

const TABLE_FILE = 'apps/control-plane/src/testing/access/access-table.ts';
const CALLS_FILE = 'apps/control-plane/src/testing/access/access-calls.ts';
const CONSOLE = fileURLToPath(new URL('testing/console/', import.meta.url));
/** better-auth answers these paths itself: each that is open has a row, and one that is not. */
const CATCH_ALL = '/api/auth/*';

describe('who may call what', () => {
  let mailbox: string;
  let service: TestService;
  const rows = accessRows();

  beforeAll(async () => {
    mailbox = await mkdtemp(join(tmpdir(), 'leasehold-matrix-'));
    service = await TestService.start({
      MAILBOX_DIR: mailbox,
      PUBLIC_URL: 'http://127.0.0.1:4001',
      CONSOLE_DIR: CONSOLE,
    });
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
      const answer = await service.call(method, path, {
        ...(caller.token === undefined ? {} : { token: caller.token }),
        ...(json === undefined ? {} : { json }),
      });
      const status = expected.get(column) ?? 0;
      wanted[column] = `${status}`;
      // What a caller was told that is not as it should be is worth more than its number.
      told[column] = answer.status === status ? `${status}` : `${answer.status}: ${answer.text}`;
      if (column === 'foreign') expect(answer.text).not.toContain(world.organizationId);
    }
    expect(told).toEqual(wanted);
  });
});
