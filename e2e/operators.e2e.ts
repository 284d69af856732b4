import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { call, expectStatus, postJson, signUp } from './src/api.js';
import type { Answer, Tenant } from './src/api.js';
import { CommandLine } from './src/command-line.js';
import { Frozen } from './src/frozen.js';
import { Leasehold, parts } from './src/leasehold.js';
import { until } from './src/until.js';

const GATEWAYS = 3;
/** Past Postgres, by the bucket alone. */
const BY_BUCKET_MS = 10_000;
/** A change of a second ago has been told by then, whatever else Postgres does. */
const FREEZE_TRIES = 5;
/** By the next look of the control plane at the bucket. */
const TOLD_WITHIN_MS = 30_000;

interface SeenWorker {
  readonly session: string;
  readonly state: string;
  readonly pid: number;
}

describe('an operator', () => {
  let leasehold: Leasehold;
  let tenant: Tenant;
  let other: Tenant;
  let operator: string;
  let environment: Readonly<Record<string, string>>;
  let frozen: Frozen | undefined;

  const admin = (path: string, init: RequestInit = {}) =>
    call(`${leasehold.ready.controlPlane}/v1/admin${path}`, {
      ...init,
      headers: { authorization: `Bearer ${operator}` },
    });
  const atAll = ({ key }: Tenant): Promise<readonly Answer[]> =>
    Promise.all(
      leasehold.ready.gateways.map((gateway) =>
        call(`${gateway}/v1/db/main/keys/k`, { headers: { authorization: `Bearer ${key}` } }),
      ),
    );

  /** Ms until every gateway answers so. */
  async function untilAll(status: number, whose: Tenant): Promise<number> {
    let answers: readonly Answer[] = [];
    const isSo = async (): Promise<boolean> => {
      answers = await atAll(whose);
      return answers.every((answer) => answer.status === status);
    };
    return until(isSo, 2 * BY_BUCKET_MS).catch((error: unknown) => {
      throw new Error(`gateways answered ${answers.map((answer) => answer.status).join(', ')}`, { cause: error });
    });
  }

  /**
   * Freezes when every gateway knows the tenants by heart. What was made of them moments ago is told to gateways as a change, later while Postgres has long
   * transactions: who has just forgotten something for that reason cannot ask for it any more.
   */
  async function freezeKnowing(tenants: readonly Tenant[]): Promise<void> {
    for (let tries = 0; tries < FREEZE_TRIES; tries++) {
      for (const each of tenants) await untilAll(200, each);
      frozen = await Frozen.metadata(leasehold);
      const answers = (await Promise.all(tenants.map(atAll))).flat();
      if (answers.every(({ status }) => status === 200)) return;
      frozen.thaw();
    }
    throw new Error('gateways do not know the tenants by heart');
  }

  beforeAll(async () => {
    environment = await parts();
    leasehold = await Leasehold.up({ gateways: GATEWAYS, environment });
    const { controlPlane, admin: login } = leasehold.ready;
    operator = (await postJson(`${controlPlane}/v1/login`, login)).json<{ token: string }>().token;
    [tenant, other] = [await signUp(leasehold.ready), await signUp(leasehold.ready)];
    for (const { database } of [tenant, other]) expectStatus(await database.put('k', 'v'), 200);
  }, 120_000);
  afterEach(() => frozen?.thaw());
  afterAll(() => leasehold?.stop(), 60_000);

  it('sees which session owns a database, since when, and how busy that session is', async () => {
    const { owner } = await tenant.database.stats();
    const lease = (await admin(`/databases/${tenant.databaseId}/lease`)).json<{
      readonly owner: SeenWorker;
      readonly ownedSince: string;
    }>();
    expect(lease).toMatchObject({ name: 'main', organizationId: tenant.organizationId, owner: { state: 'live' } });
    expect([lease.owner.session, lease.owner.pid]).toEqual([owner?.session, owner?.pid]);
    expect(Math.abs(Date.now() - Date.parse(lease.ownedSince))).toBeLessThan(120_000);
    const path = `/workers/${lease.owner.session}`;
    const worker = (await admin(path)).json<{ load: { openDatabases: number } }>();
    expect(worker).toMatchObject({ session: lease.owner.session, loadMissing: null });
    const { databases, cursor } = (await admin(`${path}/databases`)).json<{
      readonly databases: readonly { readonly databaseId: string; readonly name: string }[];
      readonly cursor: null;
    }>();
    expect([databases.length, cursor]).toEqual([worker.load.openDatabases, null]);
    expect(databases).toContainEqual(expect.objectContaining({ databaseId: tenant.databaseId, name: 'main' }));
  }, 20_000);

  it('suspends a tenant at every gateway while control plane and Postgres hang, and nobody else', async () => {
    await freezeKnowing([tenant, other]);
    const isElsewhere = (environment['S3_ENDPOINT'] ?? '') !== '';
    const cli = new CommandLine('', environment);
    const bucket = isElsewhere ? [] : ['--data', leasehold.data];
    await cli.ok(['suspend', tenant.organizationId, '--reason', 'an e2e test', ...bucket]);
    const tookMs = await untilAll(403, tenant);
    process.stderr.write(
      `the last of ${GATEWAYS} gateways refuses a suspended tenant after ${Math.round(tookMs)} ms\n`,
    );
    expect(tookMs).toBeLessThanOrEqual(BY_BUCKET_MS);
    expect((await atAll(tenant)).map((answer) => answer.json()['code'])).toEqual(
      Array(GATEWAYS).fill('tenant-suspended'),
    );
    expect((await atAll(other)).map(({ status }) => status)).toEqual(Array(GATEWAYS).fill(200));
    // The promise is measured above; starting a command takes seconds on a machine that runs other tests.
  }, 60_000);

  it('is told of it by the control plane afterwards, and resumes the tenant', async () => {
    const read = async () => (await admin(`/tenants/${tenant.organizationId}`)).json()['suspension'];
    await until(async () => (await read()) !== null, TOLD_WITHIN_MS);
    expect(await read()).toMatchObject({ reason: 'an e2e test' });
    expectStatus(await admin(`/tenants/${tenant.organizationId}/resume`, { method: 'POST' }), 200);
    expect(await untilAll(200, tenant)).toBeLessThanOrEqual(BY_BUCKET_MS);
  }, 60_000);
});
