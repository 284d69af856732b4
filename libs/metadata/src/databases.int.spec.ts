import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { openTestMetadata, type TestMetadata } from '@leasehold/metadata-testing';

import { listStatement, placeOf, type DatabaseFilter } from './database-list.js';
import { MAX_LABELS } from './databases.js';
import { DatabaseExistsError, DatabaseProtectedError, RevisionMismatchError, TooManyLabelsError } from './errors.js';
import { Prisma } from './generated/client.js';
import { Metadata } from './metadata.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const HOUR_MS = 60 * 60 * 1_000;
/** Of one organization, among those of another. `DATABASES=100000` is the size that is promised (docs/databases.md). */
const MANY = Number(process.env['DATABASES'] ?? 5_000);
const PAGE = 21;
const CREATIONS = 20;
const RUNS = 40;

describe('databases', () => {
  let test: TestMetadata;
  let metadata: Metadata;
  let mine: string;
  let theirs: string;

  beforeAll(async () => {
    test = await openTestMetadata({ statementTimeoutMs: 300_000 });
    metadata = test.metadata;
    [mine, theirs] = [await test.newOrganization('mine'), await test.newOrganization('theirs')];
  });
  afterAll(() => test.close());

  const create = (name: string, options = {}) => metadata.databases.create(mine, name, options);
  const names = async (filter: DatabaseFilter, after?: string, limit = 100) =>
    (await metadata.databases.list(mine, after, limit, filter)).map(({ name }) => name);

  it('keep what was decided about them, and are plain where nothing was', async () => {
    const plain = await create('plain');
    expect(plain).toMatchObject({
      labels: {},
      ...{ deleteProtection: false, expiresAt: null, retentionSeconds: null, sizeLimitBytes: null },
      ...{ undeleteSeconds: 604_800, revision: 1, deletedAt: null, purgeAt: null },
    });
    const expiresAt = new Date(Date.now() + HOUR_MS);
    const options = { labels: { tier: 'gold' }, deleteProtection: true, expiresAt, retentionSeconds: 0 };
    const created = await create('decided', { ...options, sizeLimitBytes: 10_000_000_000, undeleteSeconds: 3_600 });
    expect(created).toMatchObject({ ...options, sizeLimitBytes: 10_000_000_000, undeleteSeconds: 3_600 });
    expect(await metadata.databases.find(mine, 'decided')).toEqual(created);
  });

  it('are changed member by member, label by label, and nobody undoes what another has decided', async () => {
    const { id } = await create('changed', { labels: { a: '1', b: '2' } });
    const change = (by: Parameters<typeof metadata.databases.change>[2], revision?: number) =>
      metadata.databases.change(mine, id, by, revision);
    await Promise.all([
      change({ labels: { c: '3' } }),
      change({ labels: { a: null } }),
      change({ sizeLimitBytes: 7 }),
      change({ retentionSeconds: 9 }),
    ]);
    const changed = await change({ labels: { b: 'two' } });
    expect(changed).toMatchObject({
      labels: { b: 'two', c: '3' },
      sizeLimitBytes: 7,
      retentionSeconds: 9,
      revision: 6,
    });
    expect(await change({ sizeLimitBytes: null, expiresAt: null }, 6)).toMatchObject({
      sizeLimitBytes: null,
      revision: 7,
    });
    await expect(change({ sizeLimitBytes: 1 }, 6)).rejects.toThrow(RevisionMismatchError);
    expect(await metadata.databases.change(theirs, id, { sizeLimitBytes: 1 })).toBeUndefined();
    expect(await metadata.databases.find(mine, id)).toMatchObject({ sizeLimitBytes: null, revision: 7 });
  });

  it('have so many labels and no more, also when they come bit by bit', async () => {
    const many = Object.fromEntries(Array.from({ length: MAX_LABELS }, (_, n) => [`l${n}`, '']));
    const { id } = await create('labelled', { labels: many });
    await expect(metadata.databases.change(mine, id, { labels: { more: '' } })).rejects.toThrow(TooManyLabelsError);
    await metadata.databases.change(mine, id, { labels: { l0: null, more: '' } });
    await expect(create('too-much', { labels: { ...many, more: '' } })).rejects.toThrow(TooManyLabelsError);
  });

  it('are deleted but for protected ones, and come back whole, under another name where theirs was given away', async () => {
    const { id, name } = await create('brief', { labels: { k: 'v' }, deleteProtection: true, undeleteSeconds: 3_600 });
    await expect(metadata.databases.delete(mine, id)).rejects.toThrow(DatabaseProtectedError);
    await metadata.databases.change(mine, id, { deleteProtection: false });
    await expect(metadata.databases.delete(mine, id, 1)).rejects.toThrow(RevisionMismatchError);
    expect(await metadata.databases.delete(theirs, id)).toBeUndefined();
    const deleted = await metadata.databases.delete(mine, id, 2);
    expect(deleted?.purgeAt?.getTime()).toBe((deleted?.deletedAt?.getTime() ?? 0) + HOUR_MS);
    expect([await metadata.databases.find(mine, name), await metadata.databases.find(mine, id)]).toEqual([
      undefined,
      undefined,
    ]);
    expect(await metadata.databases.delete(mine, id)).toBeUndefined();
    const other = await create(name);
    await expect(metadata.databases.undelete(mine, id)).rejects.toThrow(DatabaseExistsError);
    expect(await metadata.databases.undelete(theirs, id, 'stolen')).toBeUndefined();
    const back = await metadata.databases.undelete(mine, id, 'brief-again');
    expect(back).toMatchObject({ id, name: 'brief-again', labels: { k: 'v' }, deletedAt: null, purgeAt: null });
    expect(await metadata.databases.undelete(mine, id)).toBeUndefined();
    expect((await metadata.databases.find(mine, name))?.id).toBe(other.id);
  });

  it('are none by the id of one that is deleted, whoever has that id as a name', async () => {
    const { id } = await create('gone');
    await metadata.databases.delete(mine, id);
    const namesake = await create(id, { deleteProtection: true });
    expect(await metadata.databases.change(mine, id, { sizeLimitBytes: 1 }, 9)).toBeUndefined();
    expect(await metadata.databases.delete(mine, id)).toBeUndefined();
    expect(await metadata.databases.find(mine, id)).toEqual(namesake);
    expect(await metadata.databases.undelete(mine, id, 'not-gone')).toMatchObject({ id, name: 'not-gone' });
  });

  it('do not come back when their purge is due or has begun', async () => {
    for (const sooner of [{ purgeAt: new Date(Date.now() - 1) }, { purgeBegunAt: new Date() }]) {
      const { id } = await create(`due-${Object.keys(sooner).join()}`.toLowerCase());
      await metadata.databases.delete(mine, id);
      await metadata.prisma.database.update({ where: { id }, data: sooner });
      expect(await metadata.databases.undelete(mine, id)).toBeUndefined();
      expect(await metadata.databases.withId(mine, id)).toBeUndefined();
    }
    expect(await names({ deleted: true })).toEqual(['due-purgeat']);
  });

  it('are deleted when they end, the protected ones not, and come back without an end that has passed', async () => {
    const expiresAt = new Date(Date.now() + HOUR_MS);
    const ended = await Promise.all(
      ['ends-1', 'ends-2', 'ends-3'].map((name) => create(name, { expiresAt, deleteProtection: name === 'ends-3' })),
    );
    expect(await metadata.databases.expire(10)).toBe(0);
    const past = { expiresAt: new Date(Date.now() - 1_000) };
    await metadata.prisma.database.updateMany({ where: { id: { in: ended.map(({ id }) => id) } }, data: past });
    expect([await metadata.databases.expire(1), await metadata.databases.expire(10)]).toEqual([1, 1]);
    expect(await names({ search: 'ends-' })).toEqual(['ends-3']);
    expect(await metadata.databases.undelete(mine, ended[0]?.id ?? '')).toMatchObject({ expiresAt: null });
    expect(await metadata.databases.expire(10)).toBe(0);
  });

  it('are listed by label, by the beginning of their names, and by both, deleted ones apart', async () => {
    for (const [name, tier] of [
      ['list-a', 'gold'],
      ['list-b', 'tin'],
      ['list-c', 'gold'],
      ['list_d', 'gold'],
    ] as const) {
      await create(name, { labels: { tier, of: 'listing' } });
    }
    const label = { key: 'tier', value: 'gold' };
    expect(await names({ search: 'list-' })).toEqual(['list-a', 'list-b', 'list-c']);
    expect(await names({ search: 'list', label })).toEqual(['list-a', 'list-c', 'list_d']);
    expect(await names({ search: 'list-', label }, 'list-a')).toEqual(['list-c']);
    expect(await names({ label: { key: 'tier', value: 'gol' } })).toEqual([]);
    expect(await names({ patterns: ['list-a', '*_d', 'nothing-*'] })).toEqual(['list-a', 'list_d']);
    expect(await names({ patterns: ['list_*'], search: 'list-' })).toEqual([]);
    const same: string[] = [];
    for (let n = 0; n < 3; n++) {
      const { id } = await metadata.databases
        .named(mine, 'list-c')
        .then((found) => found ?? create('list-c', { labels: { tier: 'gold' } }));
      await metadata.databases.delete(mine, id);
      same.push(id);
    }
    const filter = { deleted: true, search: 'list', label };
    const first = await metadata.databases.list(mine, undefined, 2, filter);
    const last = first[1];
    const rest = await metadata.databases.list(mine, last && placeOf(last), 2, filter);
    expect([...first, ...rest].map(({ id }) => id)).toEqual([...same].sort());
    expect(await names({ label })).not.toContain('list-c');
  });

  describe(`of which there are ${MANY}`, () => {
    let crowded: string;

    beforeAll(async () => {
      crowded = await test.newOrganization('crowded');
      for (const organizationId of [crowded, theirs]) await fill(organizationId);
      await metadata.prisma.$executeRaw`ANALYZE databases, database_labels`;
    }, 600_000);

    /** Every tenth is deleted; a half has the label `half:a`, one in a hundred `rare:yes`. */
    async function fill(organizationId: string): Promise<void> {
      await metadata.prisma.$executeRaw`
        INSERT INTO databases (id, organization_id, name, labels, deleted_at)
        SELECT gen_random_uuid(), ${organizationId}, 'customer-' || lpad(n::text, 6, '0'),
          jsonb_build_object('half', CASE n % 2 WHEN 0 THEN 'a' ELSE 'b' END)
            || CASE n % 100 WHEN 7 THEN '{"rare":"yes"}'::jsonb ELSE '{}' END,
          CASE n % 10 WHEN 9 THEN now() END
        FROM generate_series(0, ${MANY - 1}::int) AS n`;
    }

    const middle = `customer-${String(Math.floor(MANY / 2)).padStart(6, '0')}`;
    const WAYS: readonly (readonly [what: string, filter: DatabaseFilter, after?: string])[] = [
      ['all', {}],
      ['all behind the middle', {}, middle],
      ['by search', { search: middle.slice(0, -2) }],
      ['by search for nothing', { search: 'zzz' }],
      ['by a common label', { label: { key: 'half', value: 'a' } }, middle],
      ['by a rare label', { label: { key: 'rare', value: 'yes' } }],
      ['by label and search', { label: { key: 'half', value: 'b' }, search: middle.slice(0, -2) }],
      ['deleted', { deleted: true }],
      ['deleted behind the middle', { deleted: true }, `${middle}/00000000-0000-4000-8000-000000000000`],
      ['deleted by label', { deleted: true, label: { key: 'half', value: 'b' } }, middle],
      ['by a confined key', { patterns: [`${middle.slice(0, -2)}*`, 'customer-000001'] }, middle.slice(0, -1)],
    ];

    // Of few rows Postgres rather sorts what it finds: here it is to show that it need not.
    it.each(WAYS.map((way) => [way[0], way] as const))(
      'can be listed %s by an index, without a look at others',
      async (_what, way) => {
        const [, filter, after] = way;
        const statement = listStatement(crowded, after, PAGE, filter);
        const [row] = await metadata.prisma.$transaction(async (transaction) => {
          for (const way of ['seqscan', 'bitmapscan', 'sort', 'incremental_sort', 'hashjoin', 'mergejoin']) {
            await transaction.$executeRaw`SELECT set_config(${`enable_${way}`}, 'off', true)`;
          }
          return transaction.$queryRaw<{ 'QUERY PLAN': [{ Plan: PlanNode }] }[]>(
            Prisma.sql`EXPLAIN (ANALYZE, FORMAT JSON) ${statement}`,
          );
        });
        const nodes = nodesOf(row?.['QUERY PLAN'][0].Plan);
        expect(nodes.map((node) => node['Node Type']).filter((type) => /Seq Scan|Sort|Bitmap/.test(type))).toEqual([]);
        for (const node of nodes) {
          const looked = node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0);
          expect([node['Node Type'], looked <= PAGE]).toEqual([node['Node Type'], true]);
        }
      },
    );

    it('are made without a look at others', async () => {
      const one = Metadata.open({ databaseUrl: test.databaseUrl, maxConnections: 1 });
      /** Rows of the two tables that scans of any kind have read so far. What a connection has read is told by itself. */
      const rowsRead = async () => {
        await one.prisma.$queryRaw`SELECT pg_stat_force_next_flush()::text`;
        const [row] = await one.prisma.$queryRaw<{ rows: number }[]>`
          SELECT sum(seq_tup_read + COALESCE(idx_tup_fetch, 0))::int AS rows FROM pg_stat_user_tables
          WHERE relname IN ('databases', 'database_labels')`;
        return row?.rows ?? NaN;
      };
      try {
        const before = await rowsRead();
        for (let n = 0; n < CREATIONS; n++) {
          await one.databases.create(crowded, `made-${n}`, { labels: { half: 'a' } });
        }
        const after = await rowsRead();
        expect(after - before).toBeLessThanOrEqual(CREATIONS * 5);
        // One that looked at the others would be seen.
        await one.prisma.database.count({ where: { organizationId: crowded, retentionSeconds: 1 } });
        expect((await rowsRead()) - after).toBeGreaterThanOrEqual(MANY);
      } finally {
        await one.close();
      }
    });

    if (process.env['DATABASES'] !== undefined) {
      it('are listed and made in times that are told', async () => {
        const figures: Record<string, number> = {};
        const p99 = async (what: string, work: (run: number) => Promise<unknown>) => {
          const times: number[] = [];
          for (let run = 0; run < RUNS; run++) {
            const startedAt = performance.now();
            await work(run);
            times.push(performance.now() - startedAt);
          }
          figures[what] = times.sort((a, b) => a - b)[Math.ceil(RUNS * 0.99) - 1] ?? NaN;
        };
        for (const [what, filter, after] of WAYS) {
          await p99(what, () => metadata.databases.list(crowded, after, 100, filter));
        }
        await p99('create', (run) => metadata.databases.create(crowded, `timed-${run}`, { labels: { half: 'a' } }));
        const lines = Object.entries(figures).map(([what, ms]) => `${what}: ${ms.toFixed(1)} ms`);
        process.stdout.write(`${MANY} databases, p99\n  ${lines.join('\n  ')}\n`);
        expect(Object.keys(figures)).toHaveLength(WAYS.length + 1);
      });
    }
  });
});

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Actual Rows': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly PlanNode[];
}

function nodesOf(node: PlanNode | undefined): readonly PlanNode[] {
  return node === undefined ? [] : [node, ...(node.Plans ?? []).flatMap(nodesOf)];
}
