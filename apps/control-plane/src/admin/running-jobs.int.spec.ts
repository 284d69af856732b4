import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock, type DatabaseId, type SessionId } from '@leasehold/foundation';
import { JobQueues, jobKinds, queueStoreFrom, runJobWorkers, type JobHandlers, type JobWorkers } from '@leasehold/jobs';

import { TestService, type Tenant } from '../testing/test-service.js';

const OPERATOR = { email: 'ops@example.com', password: 'operators only' };
const SESSION = '01jd4zq0s8c3k5m7p9r1t3v5x7' as SessionId;
const UNKNOWN = '0b2f6f53-5a2f-4c6e-9a57-0d6a1f0b9d11' as DatabaseId;
const MIB = 1024 * 1024;
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

interface Shown {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly databaseId: string | null;
  readonly progress: { readonly bytes: number } | null;
}

describe('the jobs that run', () => {
  let service: TestService;
  let operator: string;
  let tenant: Tenant;
  let database: { readonly id: DatabaseId; readonly name: string };
  let queues: JobQueues;
  let workers: JobWorkers;
  /** What compactions wait for before they commit, and how they do it. */
  let mayCommit = false;
  let mayEnd = false;

  beforeAll(async () => {
    service = await TestService.start({ ADMIN_EMAIL: OPERATOR.email, ADMIN_PASSWORD: OPERATOR.password });
    operator = String((await service.call('POST', '/v1/login', { json: OPERATOR })).body['token']);
    tenant = await service.signUp();
    const made = await service.call('POST', '/v1/databases', { token: tenant.token, json: { name: 'orders' } });
    database = { id: made.body['id'] as DatabaseId, name: 'orders' };
    const context = { store: queueStoreFrom({ DATABASE_URL: service.databaseUrl }), clock: systemClock, log: quiet };
    const isSo = async (holds: () => boolean, signal?: AbortSignal) => {
      while (!holds()) await systemClock.sleep(20, signal);
    };
    const nothing = Object.fromEntries(jobKinds().map((kind) => [kind, () => Promise.resolve()]));
    const handlers = {
      ...(nothing as unknown as JobHandlers),
      recover: (_, signal) => isSo(() => mayEnd, signal),
      compact: async (_, signal, run) => {
        run.tell({ bytes: MIB, ofBytes: 4 * MIB });
        await isSo(() => mayCommit, signal);
        run.tell({ bytes: 4 * MIB, ofBytes: 4 * MIB });
        await run.commit(() => isSo(() => mayEnd));
      },
    } satisfies JobHandlers;
    workers = await runJobWorkers(handlers, context);
    queues = new JobQueues(context);
  }, 60_000);
  afterAll(async () => {
    mayEnd = true;
    await queues.close();
    await workers.close(5_000);
    await service.close();
  }, 60_000);

  const ask = (method: string, path: string, token = operator) =>
    service.call(method, `/v1/admin/jobs${path}`, { token });
  const running = async () => (await ask('GET', '/running')).body['jobs'] as readonly Shown[];
  const cancel = async (kind: string, id = '') => {
    const { status, body } = await ask('POST', `/${kind}/running/${id}/cancel`);
    return [status, body['code']];
  };
  const until = async (holds: () => Promise<boolean>, withinMs = 30_000) => {
    const since = performance.now();
    while (!(await holds())) {
      if (performance.now() - since > withinMs) throw new Error(`not within ${withinMs} ms`);
      await systemClock.sleep(50);
    }
  };
  const entries = async (): Promise<readonly object[]> => {
    const query = 'action=database.compaction-cancelled';
    return (await service.call('GET', `/v1/audit?${query}`, { token: tenant.token })).body['entries'] as object[];
  };

  it('are none where none runs', async () => {
    expect((await ask('GET', '/running')).body).toEqual({ jobs: [] });
  });

  it('are told with how far they are and whose database they are about', async () => {
    queues.enqueueCompaction(database.id);
    await until(async () => ((await running())[0]?.progress ?? null) !== null);
    queues.enqueueRecovery(SESSION, 'ended');
    await until(async () => (await running()).length === 2);
    const instant = expect.stringMatching(/^\d{4}-.*Z$/);
    const about = { databaseId: database.id, organizationId: tenant.organizationId, name: 'orders' };
    expect((await running())[0]).toEqual({
      ...{ id: expect.any(String), kind: 'compact', payload: { databaseId: database.id }, ...about },
      ...{ state: 'running', cancellable: true, startedAt: instant, toldAt: instant },
      ...{ progress: { bytes: MIB, ofBytes: 4 * MIB }, restMs: expect.any(Number) },
    });
    expect((await running())[1]).toMatchObject({
      ...{ kind: 'recover', payload: { sessionId: SESSION }, databaseId: null, organizationId: null, name: null },
      ...{ cancellable: false, progress: null, restMs: null },
    });
  }, 60_000);

  it('are cancelled one by one, which whose database it is finds in the audit log', async () => {
    const [compaction, recovery] = await running();
    expect(await cancel('recover', recovery?.id)).toEqual([409, 'job-not-cancellable']);
    expect(await cancel('gc', compaction?.id)).toEqual([404, 'not-found']);
    expect(await cancel('nonsense', compaction?.id)).toEqual([404, 'not-found']);
    expect(await cancel('compact', 'missing')).toEqual([404, 'not-found']);
    expect(await cancel('compact', '..%2f')).toEqual([404, 'not-found']);
    expect((await ask('POST', `/compact/running/${compaction?.id}/cancel`, tenant.token)).status).toBe(403);
    expect(await entries()).toEqual([]);

    expect(await cancel('compact', compaction?.id)).toEqual([204, undefined]);
    await until(async () => !(await running()).some(({ kind }) => kind === 'compact'));
    expect(await cancel('compact', compaction?.id)).toEqual([404, 'not-found']);
    expect(await entries()).toMatchObject([
      {
        actor: { kind: 'operator' },
        action: 'database.compaction-cancelled',
        subject: { kind: 'database', id: database.id, name: 'orders' },
        before: null,
        after: { job: compaction?.id },
      },
    ]);
    const { body } = await ask('GET', '');
    expect(body['jobs']).toContainEqual({ kind: 'compact', waiting: 0, active: 0, delayed: 1, failed: 0 });
  }, 60_000);

  it('are not cancelled once they commit, and are told of a database that nobody knows', async () => {
    mayCommit = true;
    queues.enqueueCompaction(UNKNOWN);
    const committing = async () => (await running()).find(({ state }) => state === 'committing');
    await until(async () => (await committing()) !== undefined);
    const job = await committing();
    expect(job).toMatchObject({ databaseId: UNKNOWN, organizationId: null, name: null, cancellable: false });
    expect(await cancel('compact', job?.id)).toEqual([409, 'job-not-cancellable']);
    mayEnd = true;
    await until(async () => (await running()).length === 0);
    expect(await entries()).toHaveLength(1);
  }, 60_000);
});
