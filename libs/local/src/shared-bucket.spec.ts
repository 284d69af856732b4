import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { bucketLayout } from '@leasehold/bucket-layout';
import { HeadStore } from '@leasehold/engine';
import { systemClock, systemRandom } from '@leasehold/foundation';
import type { SessionId, TenantId } from '@leasehold/foundation';
import { sealRecord } from '@leasehold/lease';
import { startLocalBucket } from '@leasehold/local-bucket';
import type { LocalBucket } from '@leasehold/local-bucket';
import { MemoryStore } from '@leasehold/object-store';

import { databaseIdOf } from './database-id-of.js';
import type { Local } from './local.js';
import { startLocal } from './start-local.js';

const ACCESS = { bucket: 'leasehold', accessKeyId: 'somebody', secretAccessKey: 'somebodys-secret' };
const MIB = 1024 * 1024;

describe('local services on one bucket', () => {
  const store = () => new MemoryStore(systemClock);
  let memory: MemoryStore;
  let bucket: LocalBucket;
  const running: Local[] = [];

  beforeEach(async () => {
    memory = store();
    bucket = await startLocalBucket({ store: memory, host: '127.0.0.1', port: 0, ...ACCESS });
  });
  afterEach(async () => {
    for (const local of running.splice(0)) await local.close();
    await bucket.close();
  });

  async function started(): Promise<Local> {
    const local = await startLocal({ store: { s3: { ...ACCESS, endpoint: bucket.url } } });
    running.push(local);
    return local;
  }

  it('serve the same databases, whichever of them owns one', async () => {
    const [a, b] = [await started(), await started()];
    await a.database('acme').put(['from'], 'a');
    expect((await b.database('acme').get(['from']))?.value).toBe('a');
    await b.database('acme').put(['from'], 'b');
    expect((await a.database('acme').get(['from']))?.value).toBe('b');
    const owners = await Promise.all([a, b].map(async (local) => (await local.database('acme').stats()).session));
    expect(new Set(owners).size).toBe(1);
  });

  it('count each increment once, of two that begin at the same time', async () => {
    const locals = [await started(), await started()];
    await Promise.all(
      locals.map(async (local) => {
        const acme = local.database('acme');
        for (let n = 0; n < 20; n++) {
          await acme.transact(async (tx) => {
            const count = (await tx.get<number>(['count']))?.value ?? 0;
            tx.put(['count'], count + 1);
          });
        }
      }),
    );
    for (const local of locals) expect((await local.database('acme').get(['count']))?.value).toBe(40);
  });

  it('give everything up when they are closed, so that the next one does not wait', async () => {
    const first = await started();
    await first.database('acme').put(['from'], 'first');
    const second = await started();
    await first.close();
    const begunMs = performance.now();
    expect((await second.database('acme').get(['from']))?.value).toBe('first');
    await second.database('acme').put(['from'], 'second');
    // Of the 5 seconds for which a killed one would have kept it.
    expect(performance.now() - begunMs).toBeLessThan(4_500);
  });

  it('go on as another session when somebody has taken theirs for dead', async () => {
    const local = await started();
    const acme = local.database('acme');
    await acme.put(['from'], 'before');
    const { objects } = await memory.list(bucketLayout.sessions);
    const sealed = objects.map(({ key }) => bucketLayout.parseSession(key));
    const context = { store: memory, clock: systemClock, random: systemRandom };
    for (const id of sealed) if (id !== undefined) await sealRecord(context, id);
    // Until its next renewal is refused it serves as what it was; what is refused meanwhile the client repeats.
    const owner = async () => (await acme.stats()).session;
    for (let n = 0; n < 200 && sealed.includes((await owner()) as SessionId); n++) {
      await acme.put(['since', n], 'after');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await acme.put(['since', 'then'], 'after');
    expect(sealed).not.toContain(await owner());
    expect((await acme.get(['from']))?.value).toBe('before');
    expect((await acme.get(['since', 0]))?.value).toBe('after');
  }, 40_000);

  it('merge files beside the requests', async () => {
    const local = await started();
    const acme = local.database('acme');
    const id = databaseIdOf('local' as TenantId, 'acme');
    const heads = new HeadStore({ store: memory, clock: systemClock, random: systemRandom });
    const merged = async () => ((await heads.load(id))?.head.l1.length ?? 0) > 0;
    for (let n = 0; n < 100 && !(await merged()); n++) await acme.put(['large', n], 'x'.repeat(MIB / 4));
    for (let n = 0; n < 100 && !(await merged()); n++) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await merged()).toBe(true);
    expect((await acme.get<string>(['large', 0]))?.value).toHaveLength(MIB / 4);
  }, 60_000);
});
