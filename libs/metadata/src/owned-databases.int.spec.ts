import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { openTestMetadata, type TestMetadata } from '@leasehold/metadata-testing';

import { ownedDatabases } from './owned-databases.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

describe('the databases of organizations', () => {
  let test: TestMetadata;
  const organizations: string[] = [];
  const made: string[][] = [];

  beforeAll(async () => {
    test = await openTestMetadata();
    for (const count of [4, 2, 1, 0]) {
      const organization = await test.newOrganization();
      organizations.push(organization);
      const ids: string[] = [];
      for (let n = 0; n < count; n++) ids.push((await test.metadata.databases.create(organization, `d${n}`)).id);
      made.push(ids);
    }
  });
  afterAll(() => test.close());

  const piecesOf = async (of: readonly number[], atOnce: number) => {
    const ids = of.map((n) => organizations[n] ?? '');
    const pieces = [];
    for await (const piece of ownedDatabases(test.metadata.prisma, ids, atOnce)) pieces.push(piece);
    return pieces;
  };

  it.each([1, 2, 3, 6, 7])('come once each by their ids, %d at a time, and none of others', async (atOnce) => {
    const all = [...(made[0] ?? []), ...(made[1] ?? [])].sort();
    const pieces = await piecesOf([0, 1], atOnce);
    expect(pieces.flatMap(({ ids }) => ids)).toEqual(all);
    for (const [n, { ids, after }] of pieces.entries()) {
      expect(ids.length).toBe(Math.min(atOnce, all.length - n * atOnce));
      expect(after).toBe(pieces[n - 1]?.ids.at(-1));
    }
  });

  it('are still those of who had them once they are purged, and none of who has none', async () => {
    const [id = ''] = made[2] ?? [];
    await test.metadata.prisma.database.update({ where: { id }, data: { deletedAt: new Date() } });
    await test.metadata.prisma.database.delete({ where: { id } });
    expect(await piecesOf([2], 10)).toEqual([{ ids: [id], after: undefined }]);
    expect(await piecesOf([3], 10)).toEqual([]);
  });
});
