import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseVersion } from '@leasehold/foundation';
import { parseCost } from '@leasehold/protocol';

import { call, expectStatus, signUp } from './src/api.js';
import type { Answer, Tenant } from './src/api.js';
import { Leasehold } from './src/leasehold.js';
import { pause } from './src/until.js';

const RUN_MS = 12_000;
/** In this time the owner of the database is killed, each time once it has written. */
const KILLS_AT_MS = [3_000, 7_000];
const WRITERS = 4;
/** Records and roll-ups come every second here. */
const TOLD_WITHIN_MS = 40_000;

interface Usage {
  readonly writeUnits: number;
  readonly readUnits: number;
  readonly commits: number;
  readonly requests: number;
  readonly egressBytes: number;
}

describe('usage, over workers that are killed', () => {
  let leasehold: Leasehold;
  let tenant: Tenant;
  /** What answers said. */
  const told = { writeUnits: 0, readUnits: 0, reads: 0, readBytes: 0 };
  /** Units of writes whose outcome nobody knows. */
  let unclearUnits = 0;

  beforeAll(async () => {
    const environment = { USAGE_INTERVAL_MS: '1000', ROLL_UP_INTERVAL_MS: '1000', SESSION_TTL_MS: '2000' };
    leasehold = await Leasehold.up({ workers: 2, gateways: 2, environment });
    tenant = await signUp(leasehold.ready);
  }, 120_000);
  afterAll(() => leasehold?.stop(), 60_000);

  function take(answer: Answer): void {
    const { readUnits, writeUnits } = parseCost(answer.headers.get('leasehold-cost') ?? undefined);
    told.readUnits += readUnits;
    told.writeUnits += writeUnits;
    if (readUnits === 0) return;
    told.reads++;
    if (answer.status === 200) told.readBytes += answer.body.byteLength;
  }

  async function work(writer: number, untilMs: number): Promise<void> {
    for (let n = 0; Date.now() < untilMs; n++) {
      const key = `k-${writer}-${n % 10}`;
      const size = n % 7 === 0 ? 3_000 : 100;
      const units = Math.ceil((key.length + size) / 1_024);
      const put = await tenant.database.put(key, 'x'.repeat(size)).catch(() => undefined);
      if (put?.status === 200) take(put);
      else if (put === undefined || put.json<{ code: string }>().code === 'outcome-unknown') unclearUnits += units;
      const got = await tenant.database.get(key);
      take(got);
    }
  }

  async function usage(): Promise<{ readonly rows: readonly Usage[]; readonly completeTo: string | null }> {
    const answer = await call(`${leasehold.ready.controlPlane}/v1/usage?step=month`, {
      headers: { authorization: `Bearer ${tenant.token}` },
    });
    expectStatus(answer, 200);
    const { usage: rows, completeTo } = answer.json<{ usage: Usage[]; completeTo: string | null }>();
    return { rows, completeTo };
  }

  const sum = (rows: readonly Usage[], member: keyof Usage) => rows.reduce((total, row) => total + row[member], 0);

  it('is what is in the bucket, to the unit, and what answers said of reads', async () => {
    const begunAt = Date.now();
    const kills = (async () => {
      for (const atMs of KILLS_AT_MS) {
        await pause(begunAt + atMs - Date.now());
        const { owner } = await tenant.database.stats();
        if (!owner) throw new Error('nobody owns the database');
        process.kill(owner.pid, 'SIGKILL');
      }
    })();
    await Promise.all([kills, ...Array.from({ length: WRITERS }, (_, n) => work(n, begunAt + RUN_MS))]);
    // Whoever owned it may have died with the last word: another one has it now.
    take(await tenant.database.put('last', 'word'));
    const { version } = await tenant.database.stats();
    const commits = parseVersion(String(version))?.sequence;
    const endsAt = Date.now() + TOLD_WITHIN_MS;
    let rows: readonly Usage[] = [];
    while (Date.now() < endsAt) {
      ({ rows } = await usage());
      if (sum(rows, 'commits') === commits && sum(rows, 'readUnits') === told.readUnits) break;
      await pause(500);
    }
    expect(commits).toBeGreaterThan(100);
    expect(sum(rows, 'commits')).toBe(commits);
    expect(sum(rows, 'readUnits')).toBe(told.readUnits);
    expect(sum(rows, 'requests')).toBe(told.reads);
    expect(sum(rows, 'egressBytes')).toBe(told.readBytes);
    const writeUnits = sum(rows, 'writeUnits');
    expect(writeUnits).toBeGreaterThanOrEqual(told.writeUnits);
    expect(writeUnits).toBeLessThanOrEqual(told.writeUnits + unclearUnits);
  }, 120_000);

  it('stays as it is, however often it is looked at', async () => {
    const { rows, completeTo } = await usage();
    const endsAt = Date.now() + TOLD_WITHIN_MS;
    let later = completeTo;
    while (later === completeTo && Date.now() < endsAt) {
      await pause(500);
      ({ completeTo: later } = await usage());
    }
    expect(Date.parse(later ?? '')).toBeGreaterThan(Date.parse(completeTo ?? ''));
    const again = await usage();
    for (const member of ['commits', 'writeUnits', 'readUnits', 'egressBytes'] as const) {
      expect([member, sum(again.rows, member)]).toEqual([member, sum(rows, member)]);
    }
  }, 60_000);
});
