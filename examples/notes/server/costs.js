import { counter, UnknownOutcomeError } from '@leasehold/client';

/** @typedef {{ readUnits: bigint, writeUnits: bigint }} Units */
/** @typedef {Units & { customer: string, nanoDollars: bigint }} CostLine */

/** What this business asks of its customers, in integers: 0.40 $ and 4 $ for a million units. */
const NANO_DOLLARS = { readUnit: 400n, writeUnit: 4_000n };
const FLUSH_EVERY_MS = 2_000;
/** Each is two operations, and a commit has at most 1,000. */
const CUSTOMERS_PER_COMMIT = 400;

/**
 * What each customer costs, month by month: every answer to this server tells its units, which are added up in memory and then into counters of
 * the registry. `sum` does not read, so that any number of servers add at the same time.
 */
export class Costs {
  /** @param {import('@leasehold/client').Database} registry @param {{ now: () => number }} clock */
  constructor(registry, clock) {
    this.registry = registry;
    this.clock = clock;
    /** @type {Map<string, Units>} */
    this.pending = new Map();
    this.timer = setInterval(() => void this.flush().catch(() => undefined), FLUSH_EVERY_MS);
  }

  /** For `onResponse` of a client that works for this customer. @param {string} customer */
  counting(customer) {
    return (/** @type {import('@leasehold/client').ResponseFacts} */ { cost }) => {
      if (cost !== undefined)
        this.add(customer, { readUnits: BigInt(cost.readUnits), writeUnits: BigInt(cost.writeUnits) });
    };
  }

  /** Adds what was counted to what is kept. Safe to call at any time. */
  async flush() {
    while (this.pending.size > 0) {
      const taken = [...this.pending].slice(0, CUSTOMERS_PER_COMMIT);
      for (const [customer] of taken) this.pending.delete(customer);
      try {
        await this.registry.transact((tx) => {
          for (const [customer, { readUnits, writeUnits }] of taken) {
            tx.sum([...this.month(), customer, 'read'], readUnits);
            tx.sum([...this.month(), customer, 'write'], writeUnits);
          }
        });
      } catch (error) {
        // Where nobody knows whether they were added they are not added again: better too little on a bill than too much.
        if (!(error instanceof UnknownOutcomeError)) for (const [customer, units] of taken) this.add(customer, units);
        throw error;
      }
    }
  }

  /** Of this month, by name. @returns {Promise<CostLine[]>} */
  async lines() {
    await this.flush();
    /** @type {Map<string, Units>} */
    const units = new Map();
    for await (const { key, value } of this.registry.list({ prefix: this.month(), codec: counter })) {
      const [, , customer, kind] = /** @type {string[]} */ (key);
      const line = units.get(customer ?? '') ?? { readUnits: 0n, writeUnits: 0n };
      units.set(customer ?? '', { ...line, [kind === 'read' ? 'readUnits' : 'writeUnits']: value });
    }
    return Array.from(units, ([customer, { readUnits, writeUnits }]) => ({
      customer,
      readUnits,
      writeUnits,
      nanoDollars: readUnits * NANO_DOLLARS.readUnit + writeUnits * NANO_DOLLARS.writeUnit,
    }));
  }

  async close() {
    clearInterval(this.timer);
    await this.flush();
  }

  /** @private @param {string} customer @param {Units} units */
  add(customer, { readUnits, writeUnits }) {
    const before = this.pending.get(customer) ?? { readUnits: 0n, writeUnits: 0n };
    this.pending.set(customer, {
      readUnits: before.readUnits + readUnits,
      writeUnits: before.writeUnits + writeUnits,
    });
  }

  /** @private */
  month() {
    return ['costs', new Date(this.clock.now()).toISOString().slice(0, 7)];
  }
}
