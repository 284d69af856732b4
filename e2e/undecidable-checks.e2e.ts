import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { Answer, Tenant } from './src/api.js';
import { expectStatus, signUp } from './src/api.js';
import { Leasehold } from './src/leasehold.js';

const VALUE_BYTES = 512 * 1024;
/** Of one key at most 16 MiB of versions are kept, once a compaction sees them. */
const MOST_PUTS = 200;
const AT_ONCE = 8;
const BEHIND_THE_END = 'ffffffffffff';

describe('a transaction whose range check cannot be decided', () => {
  let leasehold: Leasehold;
  let tenant: Tenant;

  beforeAll(async () => {
    leasehold = await Leasehold.up();
    tenant = await signUp(leasehold.ready);
  }, 120_000);
  afterAll(() => leasehold?.stop(), 60_000);

  const checked = (since: string): Promise<Answer> => {
    const body = {
      checks: [{ range: { prefix: 'quiet/' }, since }],
      ops: [{ op: 'put', key: 'applied', value: since }],
    };
    return tenant.database.request(
      'POST',
      '/transactions',
      { 'content-type': 'application/json' },
      JSON.stringify(body),
    );
  };
  const put = async (): Promise<string> => {
    const answer = await tenant.database.put('busy', randomBytes(VALUE_BYTES));
    expectStatus(answer, 200);
    return answer.json<{ version: string }>().version;
  };

  it('fails at a version to come, and applies nothing', async () => {
    const version = await put();
    const future = await checked(version.slice(0, 8) + BEHIND_THE_END);
    expect(future.json()).toMatchObject({ status: 400, code: 'invalid-version' });
    expect((await tenant.database.get('applied')).status).toBe(404);
  });

  it('fails once the history since its version is gone, though nothing has changed in the range', async () => {
    const first = await put();
    expectStatus(await checked(first), 200);
    let answer = await checked(first);
    for (let puts = 0; answer.status === 200 && puts < MOST_PUTS; puts += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, put));
      answer = await checked(first);
    }
    expect(answer.json()).toMatchObject({ status: 410, code: 'history-gone' });
    const last = await put();
    expectStatus(await checked(last), 200);
    expect((await checked(first)).status).toBe(410);
    expect((await tenant.database.get('applied')).body.toString()).toBe(last);
  }, 120_000);
});
