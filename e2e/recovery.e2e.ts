import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { call, Database, expectStatus, postJson, signUp, type Tenant } from './src/api.js';
import { Leasehold } from './src/leasehold.js';

const DATABASES = 40;
const KEYS = 5;
/** Until nobody has claimed a database while they were written to. */
const MAX_ROUNDS = 5;
/** The ttl of 5 s and a tenth, two listings, and the job: on a machine that runs other tests and their servers. */
const RECOVERED_WITHIN_MS = 60_000;
const LOOK_INTERVAL_MS = 500;

interface Owned {
  readonly id: string;
  readonly database: Database;
}

describe('the databases of a killed worker that nobody asks for', () => {
  let leasehold: Leasehold;
  let tenant: Tenant;
  let operator: string;

  beforeAll(async () => {
    leasehold = await Leasehold.up({ workers: 2 });
    const { ready } = leasehold;
    tenant = await signUp(ready);
    const { email, password } = ready.admin;
    const login = await postJson(`${ready.controlPlane}/v1/login`, { email, password });
    expectStatus(login, 200);
    operator = login.json<{ token: string }>().token;
  }, 120_000);
  afterAll(() => leasehold?.stop(), 60_000);

  async function create(name: string): Promise<Owned> {
    const created = await postJson(`${leasehold.ready.controlPlane}/v1/databases`, { name }, tenant.token);
    expectStatus(created, 201);
    return {
      id: created.json<{ id: string }>().id,
      database: new Database(`${leasehold.ready.gateway}/v1/db/${name}`, tenant.key),
    };
  }

  const owners = (all: readonly Owned[]) =>
    Promise.all(all.map(async ({ database }) => (await database.stats()).owner));

  async function askOperators(path: string): Promise<unknown> {
    const url = `${leasehold.ready.controlPlane}/v1/admin/${path}`;
    return (await call(url, { headers: { authorization: `Bearer ${operator}` } })).json();
  }

  /** What tells why nothing was recovered: the sessions as the bucket has them, the jobs, and what failed. */
  async function tellWhy(waiting: readonly Owned[]): Promise<string> {
    const told = await Promise.all(['workers', 'jobs', 'jobs/recover/failed'].map(askOperators));
    return `${waiting.length} of ${DATABASES} are still owned after ${RECOVERED_WITHIN_MS} ms; ${JSON.stringify(told)}`;
  }

  /** Whether somebody owns it; asked of the bucket, not of the database, which is taken over when it is asked for. */
  async function isOwned({ id }: Owned): Promise<boolean> {
    const url = `${leasehold.ready.controlPlane}/v1/admin/databases/${id}/lease`;
    const answer = await call(url, { headers: { authorization: `Bearer ${operator}` } });
    // A worker tells it; the ones that were killed still look alive for a while.
    if (answer.status === 503) return true;
    expectStatus(answer, 200);
    return answer.json<{ owner: unknown }>().owner !== null;
  }

  it('are recovered by a job: nobody owns them, and every acknowledged put is there', async () => {
    const all = await Promise.all(Array.from({ length: DATABASES }, (_, n) => create(`orders-${n}`)));
    await Promise.all(all.map(({ database }) => database.put('key-0', 'value 0')));
    let owned = await owners(all);
    // The write that claims a database stands in its head, with nothing to recover: each has to have one in the log.
    for (let round = 1; ; round++) {
      for (let key = 0; key < KEYS; key++) {
        const puts = await Promise.all(all.map(({ database }) => database.put(`key-${key}`, `value ${key}`)));
        for (const put of puts) expectStatus(put, 200);
      }
      const before = owned;
      owned = await owners(all);
      if (owned.every((owner, n) => owner !== null && owner.session === before[n]?.session)) break;
      expect(round).toBeLessThan(MAX_ROUNDS);
    }
    for (const pid of new Set(owned.map((owner) => owner?.pid))) process.kill(pid as number, 'SIGKILL');

    const killedAt = performance.now();
    let waiting = all;
    for (;;) {
      const states = await Promise.all(waiting.map(isOwned));
      waiting = waiting.filter((_, n) => states[n]);
      if (waiting.length === 0) break;
      if (performance.now() - killedAt > RECOVERED_WITHIN_MS) throw new Error(await tellWhy(waiting));
      await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL_MS));
    }
    expect(await owners(all)).toEqual(all.map(() => null));
    for (const { database } of all) {
      for (let key = 0; key < KEYS; key++) {
        expect((await database.get(`key-${key}`)).body.toString()).toBe(`value ${key}`);
      }
    }
  }, 180_000);
});
