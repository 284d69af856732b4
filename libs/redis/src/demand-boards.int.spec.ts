import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { DemandBoard } from '@leasehold/directory';
import { PostgresDemandBoard } from '@leasehold/directory';
import { systemClock } from '@leasehold/foundation';
import { openTestMetadata } from '@leasehold/metadata-testing';

import { RedisDemandBoard } from './redis-demand-board.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

type ClosableBoard = DemandBoard & { close(): Promise<void> };

const { TEST_REDIS_URL } = process.env;
const DEMAND = { requests: 10, bytes: 1_000 };

function suite(name: string, server: () => Promise<{ open(): ClosableBoard; close(): Promise<void> }>): void {
  describe(`the demand board in ${name}`, () => {
    let closeServer: () => Promise<void> = async () => undefined;
    let boards: readonly ClosableBoard[];
    // Others may be on the same server.
    const suffix = `${process.pid}-${Math.round(performance.timeOrigin)}`;
    const gateway = (n: number) => `gateway-${n}-${suffix}`;
    const tenant = `tenant-${suffix}`;
    const own = new Map([[tenant, DEMAND]]);
    const exchange = (n: number, demands: ReadonlyMap<string, typeof DEMAND> = own) =>
      (boards[n] as ClosableBoard).exchange(gateway(n), demands);

    beforeAll(async () => {
      const { open, close } = await server();
      closeServer = close;
      boards = [open(), open(), open()];
      // A connection that is not there yet refuses at once.
      for (const [n, board] of boards.entries()) {
        const connected = async () =>
          board.leave(gateway(n)).then(
            () => true,
            () => false,
          );
        while (!(await connected())) await systemClock.sleep(50);
      }
    });
    afterAll(async () => {
      await Promise.all(boards.map((board, n) => board.leave(gateway(n))));
      await Promise.all(boards.map((board) => board.close()));
      await closeServer();
    });

    it('tells each gateway what is asked of the others, and not of itself', async () => {
      const before = (await exchange(0)).otherGateways;
      await exchange(1);
      await exchange(2, new Map([[tenant, { requests: 0.5, bytes: 1 }]]));
      const { otherGateways, others } = await exchange(0);
      expect([otherGateways - before, others.get(tenant)]).toEqual([2, { requests: 10.5, bytes: 1_001 }]);
    });

    it('takes the latest word of each', async () => {
      await exchange(1, new Map());
      await exchange(2, new Map());
      const { others } = await exchange(0);
      expect(others.get(tenant)).toBeUndefined();
    });

    it('forgets at once who leaves', async () => {
      const before = (await exchange(0)).otherGateways;
      await (boards[1] as ClosableBoard).leave(gateway(1));
      expect((await exchange(0)).otherGateways).toBe(before - 1);
    });

    it('forgets who has been silent for some seconds', async () => {
      await exchange(1);
      await exchange(2);
      for (let n = 0; n < 6; n++) {
        await systemClock.sleep(1_000);
        await exchange(2, new Map());
      }
      expect((await exchange(0)).others.get(tenant)).toBeUndefined();
    });

    it('takes many at once', async () => {
      const exchanges = Array.from({ length: 60 }, (_, n) => exchange(n % 3));
      expect(await Promise.all(exchanges)).toHaveLength(60);
    });
  });
}

async function postgresServer() {
  const test = await openTestMetadata();
  return { open: () => new PostgresDemandBoard(test.databaseUrl), close: () => test.close() };
}

suite('Postgres', postgresServer);
if (TEST_REDIS_URL) {
  suite('Redis', async () => ({ open: () => new RedisDemandBoard(TEST_REDIS_URL), close: async () => undefined }));
} else {
  const notice =
    'REDIS LANE DID NOT RUN: apt-get install redis-server, start it, set TEST_REDIS_URL=redis://127.0.0.1:6379';
  const lane = process.env['LEASEHOLD_REQUIRE_LANES'] === '1' ? it : it.skip;
  lane(notice, () => {
    throw new Error(notice);
  });
}

describe('a demand board that is not there', () => {
  it.each([
    ['Postgres', () => new PostgresDemandBoard('postgres://127.0.0.1:1/none')],
    ['Redis', () => new RedisDemandBoard('redis://127.0.0.1:1')],
  ])('rejects soon: %s', async (_name, open: () => ClosableBoard) => {
    const board = open();
    try {
      const startedAt = performance.now();
      await expect(board.exchange('gateway', new Map())).rejects.toThrow();
      expect(performance.now() - startedAt).toBeLessThan(10_000);
    } finally {
      await board.close();
    }
  });
});
