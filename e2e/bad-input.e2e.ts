import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { seededRandom } from '@leasehold/foundation';

import { askBadly, askNonsense } from './bad-input/asks.js';
import { badRequests } from './bad-input/bad-requests.js';
import { brokenHttp } from './bad-input/broken-http.js';
import { digestOf } from './bad-input/database-listing.js';
import type { Draft, Parties, Party } from './bad-input/draft.js';
import { requestOf, validDraft, withHeaders } from './bad-input/draft.js';
import type { HttpAnswer } from './bad-input/http-answer.js';
import { HttpConnection, onOwnConnection } from './bad-input/http-connection.js';
import { bytesOfRequest } from './bad-input/raw-request.js';
import { nameOf, ROUTES } from './bad-input/routes.js';
import { slowRequests } from './bad-input/slow-requests.js';
import { Tally } from './bad-input/tally.js';
import type { FilledTenant } from './bad-input/tenants.js';
import { filledTenant, mintedKey } from './bad-input/tenants.js';
import { judge } from './bad-input/verdict.js';
import { Leasehold, parts } from './src/leasehold.js';

const SEED = 20_261_127;
const REQUESTS = 18_000;
const CONNECTIONS = 32;
const BROKEN = 3_000;
const BROKEN_AT_ONCE = 24;

/** Nobody is refused for asking too often here: what is wrong is what counts. */
const WITHOUT_LIMITS = {
  TENANT_REQUESTS_PER_SECOND: '1000000',
  TENANT_BYTES_PER_SECOND: String(10 * 1024 * 1024 * 1024),
  TENANT_CONCURRENT_REQUESTS: '4096',
};

describe('bad input', () => {
  let leasehold: Leasehold;
  let tenants: readonly [FilledTenant, FilledTenant];
  let sides: readonly [Parties, Parties];
  let before: unknown;

  const state = async (): Promise<unknown> => {
    const { databases, missing, corrupt } = await leasehold.scrub();
    const digests = await Promise.all(tenants.flatMap((tenant) => tenant.databases.map(digestOf)));
    return { digests, databases, missing, corrupt };
  };
  const send = async (draft: Draft): Promise<HttpAnswer> => {
    const connection = new HttpConnection(leasehold.ready.gateway);
    try {
      const answer = await connection.send(bytesOfRequest(requestOf(draft)), draft.method);
      if (answer === undefined) throw new Error('closed without an answer');
      return answer;
    } finally {
      connection.close();
    }
  };
  const show = (tally: Tally): void => void process.stderr.write(`${tally.summary()}\n`);

  beforeAll(async () => {
    leasehold = await Leasehold.up({ environment: { ...(await parts()), ...WITHOUT_LIMITS } });
    tenants = [await filledTenant(leasehold.ready), await filledTenant(leasehold.ready)];
    const [a, b] = tenants.map(({ party }) => party) as [Party, Party];
    sides = [
      { asker: a, other: b },
      { asker: b, other: a },
    ];
    before = await state();
  }, 120_000);
  afterAll(() => leasehold?.stop(), 60_000);

  it(`is refused by every route, ${REQUESTS} times, with a problem that has a code`, async () => {
    const tally = new Tally();
    const requests = badRequests(seededRandom(SEED), sides);
    let left = REQUESTS;
    const ask = async (): Promise<void> => {
      const connection = new HttpConnection(leasehold.ready.gateway);
      try {
        while (left-- > 0) await askBadly(connection, requests.next().value, tally);
      } finally {
        connection.close();
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, ask));
    show(tally);
    expect(tally.findings).toEqual([]);
    expect(tally.count(/^(200|304) /)).toBeLessThan(REQUESTS / 20);
  }, 180_000);

  it(`is refused where it is no HTTP at all, ${BROKEN} times`, async () => {
    const tally = new Tally();
    const broken = brokenHttp(seededRandom(SEED), sides);
    let left = BROKEN;
    const ask = async (): Promise<void> => {
      while (left-- > 0) await askNonsense(leasehold.ready.gateway, broken.next().value, tally);
    };
    await Promise.all(Array.from({ length: BROKEN_AT_ONCE }, ask));
    show(tally);
    expect(tally.findings).toEqual([]);
  }, 180_000);

  it('is refused when it comes slowly, and keeps nobody else from being served', async () => {
    const slow = slowRequests(sides[0]).map(async ({ name, parts: pieces, pauseMs, isCut, status }) => {
      const answer = await onOwnConnection(leasehold.ready.gateway, pieces, { pauseMs, isEnded: isCut });
      const line = answer.toString('latin1').split('\r\n')[0] ?? '';
      return status === undefined ? `${name}: ${/^$|^HTTP\/1.1 4/.test(line)}` : `${name}: ${status.test(line)}`;
    });
    const { databases } = tenants[1];
    expect((await databases[0]?.get('never'))?.status).toBe(404);
    expect(await Promise.all(slow)).toEqual(slowRequests(sides[0]).map(({ name }) => `${name}: true`));
  }, 30_000);

  it("finds no database of another tenant on any route, by name or id, with the asker's key or the other's", async () => {
    const random = seededRandom(SEED);
    for (const parties of sides) {
      const { asker, other } = parties;
      const strangers = [other.ownName, ...other.databaseIds].map((database) => ({ database, key: asker.key }));
      for (const { database, key } of [...strangers, { database: asker.ownName, key: other.key }]) {
        const findings = ROUTES.map(async (route) => {
          const valid = validDraft(route, random, parties);
          const draft = { ...valid, database, ...withHeaders(valid, 'authorization', `Bearer ${key}`) };
          const expected = { codes: ['database-not-found'], foreignTags: [other.tag], ownTag: asker.tag } as const;
          const { finding } = judge(await send(draft), { ...expected, method: draft.method, isHarmless: false });
          return finding && `${nameOf(route)} of ${database} ${finding}`;
        });
        expect((await Promise.all(findings)).filter((finding) => finding !== undefined)).toEqual([]);
      }
    }
  }, 60_000);

  it.each([['data:read'], ['data:write'], ['usage:read']])('lets a key of %s into its routes alone', async (scope) => {
    const { party } = tenants[0];
    const { key } = await mintedKey(leasehold.ready, party.token, [scope]);
    for (const route of ROUTES) {
      const valid = validDraft(route, seededRandom(SEED), sides[0]);
      // Whoever is let in learns that the query is wrong.
      const draft = { ...valid, query: ['unknown=1'], ...withHeaders(valid, 'authorization', `Bearer ${key}`) };
      const answer = await send(draft);
      const [status, code] = route.scopes.includes(scope) ? [400, 'invalid-parameter'] : [403, 'insufficient-scope'];
      expect([nameOf(route), answer.status]).toEqual([nameOf(route), status]);
      if (route.method !== 'HEAD') expect(JSON.parse(answer.body.toString())).toMatchObject({ code });
    }
  });

  it('lets a key that may only read send checks, and no operations', async () => {
    const { party } = tenants[0];
    const { key } = await mintedKey(leasehold.ready, party.token, ['data:read']);
    const route = ROUTES.find(({ path }) => path === 'transactions') as (typeof ROUTES)[number];
    const valid = { ...validDraft(route, seededRandom(SEED), sides[0]), database: party.ownName };
    const draft = { ...valid, ...withHeaders(valid, 'authorization', `Bearer ${key}`) };
    expect((await send(draft)).status).toBe(403);
    const checks = Buffer.from(JSON.stringify({ checks: [{ key: 'never', version: null }] }));
    expect((await send({ ...draft, body: checks })).status).toBe(200);
  });

  it('changes nothing', async () => {
    expect(await state()).toEqual(before);
  }, 60_000);
});
