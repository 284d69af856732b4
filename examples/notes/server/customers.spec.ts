import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { connect, NotFoundError, UnauthorizedError, type Database } from '@leasehold/client';

import { Costs } from './costs.js';
import { Customers, NOTES } from './customers.js';
import { leaseholdInside, type Leasehold } from './leasehold.js';

const PASSWORD = 'correct horse';

describe('customers', () => {
  let leasehold: Leasehold;
  let registry: Database;
  let costs: Costs;
  let customers: Customers;
  let names = 0;
  const fresh = () => `Customer ${++names}`;

  beforeAll(async () => {
    leasehold = await leaseholdInside();
  });
  afterAll(() => leasehold.close());
  beforeEach(async () => {
    registry = leasehold.database(`registry-${++names}`);
    costs = new Costs(registry, { now: () => Date.UTC(2026, 0, 15) });
    customers = new Customers(leasehold, registry, (customer) => costs.counting(customer));
  });
  afterEach(() => costs.close());

  /** A server that dies where the database is to be created. */
  function dying(at: 'before' | 'after'): Customers {
    const ensureDatabase = async (name: string) => {
      if (at === 'after') await leasehold.ensureDatabase(name);
      throw new Error('killed');
    };
    return new Customers({ ...leasehold, ensureDatabase }, registry, (customer) => costs.counting(customer));
  }

  it('gives a name to one of those who sign up with it at the same time', async () => {
    const name = fresh();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, () => customers.signUp(name.toUpperCase(), PASSWORD)),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await expect(customers.signUp(name, PASSWORD)).rejects.toMatchObject({ status: 409 });
  });

  it('puts each customer into a database of their own, with a first note', async () => {
    const [one, two] = [await customers.signUp(fresh(), PASSWORD), await customers.signUp(fresh(), PASSWORD)];
    expect(one.database).not.toBe(two.database);
    const notes = await customers.databaseOf(one).page({ prefix: NOTES });
    expect(notes.entries.map(({ value }) => value)).toEqual([{ text: expect.stringContaining(one.name) }]);
  });

  it.each(['before', 'after'] as const)(
    'finishes a sign-up that died right %s the database was created',
    async (at) => {
      const name = fresh();
      await expect(dying(at).signUp(name, PASSWORD)).rejects.toThrow('killed');
      const taken = await registry.get<{ database: string; state: string }>(['customers', name.toLowerCase()]);
      expect(taken?.value.state).toBe('opening');
      await expect(customers.signUp(name, PASSWORD)).rejects.toMatchObject({ status: 409 });
      const [back, again] = await Promise.all([customers.signIn(name, PASSWORD), customers.signIn(name, PASSWORD)]);
      expect([back.database, again.database]).toEqual([taken?.value.database, taken?.value.database]);
      expect((await customers.databaseOf(back).page({ prefix: NOTES })).entries).toHaveLength(1);
      expect(await customers.finishAll()).toBe(0);
    },
  );

  it('finishes what was cut off when a server starts', async () => {
    for (let index = 0; index < 3; index++) {
      await expect(dying('before').signUp(fresh(), PASSWORD)).rejects.toThrow('killed');
    }
    await customers.signUp(fresh(), PASSWORD);
    expect(await customers.finishAll()).toBe(3);
    expect(await customers.finishAll()).toBe(0);
  });

  it.each([
    ['', PASSWORD],
    ['<b>', PASSWORD],
    ['x'.repeat(41), PASSWORD],
    [{}, PASSWORD],
    ['Acme', 'short'],
    ['Acme', undefined],
  ])('refuses %p with %p', async (name, password) => {
    await expect(customers.signUp(name, password)).rejects.toMatchObject({ status: 400 });
  });

  it('lets nobody in with another password, or under a name that nobody has', async () => {
    const { name } = await customers.signUp(fresh(), PASSWORD);
    await expect(customers.signIn(name, 'wrong horse')).rejects.toMatchObject({ status: 401 });
    await expect(customers.signIn(fresh(), PASSWORD)).rejects.toMatchObject({ status: 401 });
  });

  it('makes tokens that open the notes of one customer and nothing else', async () => {
    const [one, two] = [await customers.signUp(fresh(), PASSWORD), await customers.signUp(fresh(), PASSWORD)];
    const token = await leasehold.createToken({ database: one.database, prefix: NOTES, ttlSeconds: 60 });
    const page = (database: string) => connect({ url: leasehold.url, token, database });
    expect((await page(one.database).page({ prefix: NOTES })).entries).toHaveLength(1);
    await expect(page(one.database).get(['account'])).rejects.toBeInstanceOf(UnauthorizedError);
    await expect(page(two.database).page({ prefix: NOTES })).rejects.toBeInstanceOf(NotFoundError);
    const answer = await fetch(`${leasehold.url}/v1/db/${two.database}/keys`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(answer.status).toBe(404);
  });

  it('adds up what the work for each customer costs, over several servers', async () => {
    const { name, ...customer } = await customers.signUp(fresh(), PASSWORD);
    const another = new Costs(registry, { now: () => Date.UTC(2026, 0, 20) });
    const database = leasehold.database(customer.database, { onResponse: another.counting(name) });
    for (let index = 0; index < 5; index++) await database.put([...NOTES, index, 'a'], { text: 'x'.repeat(1_500) });
    await database.get([...NOTES, 1, 'a']);
    await another.close();
    // Signing up wrote two keys; each of the five notes has two units.
    const wanted = { customer: name, readUnits: 1n, writeUnits: 12n, nanoDollars: 1n * 400n + 12n * 4_000n };
    expect(await costs.lines()).toEqual([wanted]);
    expect(costs.since()).toEqual(new Date('2026-01-01T00:00:00Z'));
    // Of what Leasehold tells a part may be missing still, and what pages did is in it.
    const told = { readUnits: 30n, writeUnits: 11n };
    const lines = await costs.lines(new Map(['A', name].map((each) => [each, told])));
    expect(lines).toEqual([
      { ...told, customer: 'A', nanoDollars: 30n * 400n + 11n * 4_000n },
      { ...wanted, readUnits: 30n, nanoDollars: 30n * 400n + 12n * 4_000n },
    ]);
    const nextMonth = new Costs(registry, { now: () => Date.UTC(2026, 1, 1) });
    expect(await nextMonth.lines()).toEqual([]);
    await nextMonth.close();
  });
});
