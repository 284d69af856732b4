import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { Database, expectStatus, postJson, signUp, type Tenant } from './src/api.js';
import { Leasehold } from './src/leasehold.js';

const DATABASES = 40;
const KEYS = 5;
/** The ttl of 5 s and a tenth, two listings, and the job, on a machine that runs other tests and their servers. Nobody asks for anything meanwhile. */
const RECOVERED_WITHIN_MS = 30_000;

describe('the databases of a killed worker that nobody asks for', () => {
  let leasehold: Leasehold;
  let tenant: Tenant;

  beforeAll(async () => {
    leasehold = await Leasehold.up({ workers: 2 });
    tenant = await signUp(leasehold.ready);
  }, 120_000);
  afterAll(() => leasehold?.stop(), 60_000);

  it('are recovered by a job: nobody owns them, and every acknowledged put is there', async () => {
    const databases = await Promise.all(
      Array.from({ length: DATABASES }, async (_, n) => {
        const name = `orders-${n}`;
        expectStatus(await postJson(`${leasehold.ready.controlPlane}/v1/databases`, { name }, tenant.token), 201);
        return new Database(`${leasehold.ready.gateway}/v1/db/${name}`, tenant.key);
      }),
    );
    await Promise.all(databases.map((database) => database.put('key-0', 'value 0')));
    for (let key = 0; key < KEYS; key++) {
      const puts = await Promise.all(databases.map((database) => database.put(`key-${key}`, `value ${key}`)));
      for (const put of puts) expectStatus(put, 200);
    }
    const owners = new Set((await Promise.all(databases.map((each) => each.stats()))).map(({ owner }) => owner?.pid));
    owners.delete(undefined);
    expect(owners.size).toBeGreaterThan(0);
    for (const pid of owners) process.kill(pid as number, 'SIGKILL');

    await new Promise((resolve) => setTimeout(resolve, RECOVERED_WITHIN_MS));
    // Asking takes a database over that is still to be recovered: so the first answer tells.
    const stats = await Promise.all(databases.map((database) => database.stats()));
    expect(stats.map(({ session }) => session)).toEqual(stats.map(() => null));
    for (const database of databases) {
      for (let key = 0; key < KEYS; key++) {
        expect((await database.get(`key-${key}`)).body.toString()).toBe(`value ${key}`);
      }
    }
  }, 120_000);
});
