import type { DatabaseId, TenantId } from '@leasehold/foundation';
import { seededRandom, systemClock } from '@leasehold/foundation';
import { describe, expect, it } from '@jest/globals';

import { readBack } from '../checks/read-back.js';
import { DatabaseRecord } from '../ledger/database-record.js';
import { Findings } from '../ledger/finding.js';
import type { HttpClient } from './http-client.js';
import { Load } from './load.js';
import type { EndedRequest } from './load.js';
import { SMALL } from './operation.js';
import { publicRoute, TenantDatabase, WriteNumbers } from './tenant-database.js';
import { LossyService } from './testing/lossy-service.js';
import type { LossySettings } from './testing/lossy-service.js';

const LOAD_MS = 400;
const REQUESTS_PER_SECOND = 2_000;
const LOSSY = { lostBefore: 0.1, lostAfter: 0.2 };

async function underLoad(settings: LossySettings) {
  const findings = new Findings();
  const record = new DatabaseRecord('d', findings);
  const route = publicRoute('d', 'key');
  const id = 'd' as DatabaseId;
  const database = new TenantDatabase(id, 'tenant' as TenantId, 'd', SMALL, record, route, new WriteNumbers());
  const service = new LossyService(settings, seededRandom(2));
  const gateways = [service, service] as unknown as readonly HttpClient[];
  const ended: EndedRequest[] = [];
  const load = new Load(
    [database],
    () => gateways,
    seededRandom(1),
    systemClock,
    { ended: (request) => ended.push(request), gap: () => undefined },
    { requestsPerSecond: REQUESTS_PER_SECOND },
  );
  load.start();
  await systemClock.sleep(LOAD_MS);
  await load.stop();
  const read = await readBack([database], gateways, systemClock);
  const kinds = new Set(findings.examples.map(({ kind }) => kind));
  return { service, record, findings, kinds, ended, read };
}

describe('a load whose answers are lost', () => {
  it('finds nothing where every write with an idempotency key is applied once, and no other is sent again', async () => {
    const { service, record, findings, ended, read } = await underLoad(LOSSY);
    expect(findings.examples).toEqual([]);
    expect(service.lostAnswers).toBeGreaterThan(20);
    expect(ended.filter(({ isRepetition }) => isRepetition).length).toBeGreaterThan(20);
    expect(ended.some(({ outcome }) => outcome.kind === 'done' && outcome.isReplayed)).toBe(true);
    const { asked, acknowledged, unknown, applied } = record.tallies.counts;
    expect(acknowledged + unknown).toBe(asked);
    expect(applied).toBeGreaterThan(0);
    expect(record.unclear).toBeGreaterThan(unknown);
    expect(service.sentTwice).toBe(0);
    expect(read.unreadable).toBe(0);
  });

  it('finds what is doubled by a service that forgets idempotency keys', async () => {
    const { kinds } = await underLoad({ ...LOSSY, forgetsKeys: true });
    expect(kinds).toContain('doubled');
  });

  it('finds what is doubled by a gateway that sends writes without a key again', async () => {
    const { findings } = await underLoad({ ...LOSSY, sendsAgain: true });
    const doubled = findings.examples.filter(({ kind, key }) => kind === 'doubled' && key.startsWith('t/'));
    expect(doubled.length).toBeGreaterThan(0);
  });
});
