import { counter, UnknownOutcomeError } from '@leasehold/client';

/** @typedef {{ readUnits: bigint, writeUnits: bigint }} Units */
/** @typedef {Units & { customer: string, nanoDollars: bigint }} CostLine */

/** What this business asks of its customers, in integers: 0.40 $ and 4 $ for a million units. */
const NANO_DOLLARS = { readUnit: 400n, writeUnit: 4_000n };
const NOTHING = { readUnits: 0n, writeUnits: 0n };
const FLUSH_EVERY_MS = 2_000;
/** Each is two operations, and a commit has at most 1,000. */
const CUSTOMERS_PER_COMMIT = 400;

/**
 * What each customer costs, month by month. Leasehold tells it, with what pages do, a minute behind. Every answer to this server tells its units at once: these are added
 * up in memory and then into counters of the registry. `sum` does not read, so that any number of servers add at the same time.
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

  /** When the month began. */
  since() {
    return new Date(`${this.clockMonth()}-01T00:00:00Z`);
  }

  /**
   * Of this month, by name. What is told has the work of this server in it, and what was counted of that is at most all of it: the larger one is nearer, and never too much.
   * @param {ReadonlyMap<string, Units>} [told] by Leasehold @returns {Promise<CostLine[]>}
   */
  async lines(told = new Map()) {
    await this.flush();
    const units = new Map(told);
    for (const [customer, counted] of await this.counted()) {
      const { readUnits, writeUnits } = told.get(customer) ?? NOTHING;
      units.set(customer, {
        readUnits: larger(readUnits, counted.readUnits),
        writeUnits: larger(writeUnits, counted.writeUnits),
      });
    }
    return Array.from(units, ([customer, { readUnits, writeUnits }]) => ({
      customer,
      readUnits,
      writeUnits,
      nanoDollars: readUnits * NANO_DOLLARS.readUnit + writeUnits * NANO_DOLLARS.writeUnit,
    })).sort((a, b) => (a.customer < b.customer ? -1 : 1));
  }

  /** @private @returns {Promise<ReadonlyMap<string, Units>>} */
  async counted() {
    /** @type {Map<string, Units>} */
    const units = new Map();
    for await (const { key, value } of this.registry.list({ prefix: this.month(), codec: counter })) {
      const [, , customer, kind] = /** @type {string[]} */ (key);
      const line = units.get(customer ?? '') ?? NOTHING;
      units.set(customer ?? '', { ...line, [kind === 'read' ? 'readUnits' : 'writeUnits']: value });
    }
    return units;
  }

  async close() {
    clearInterval(this.timer);
    await this.flush();
  }

  /** @private @param {string} customer @param {Units} units */
  add(customer, { readUnits, writeUnits }) {
    const before = this.pending.get(customer) ?? NOTHING;
    this.pending.set(customer, {
      readUnits: before.readUnits + readUnits,
      writeUnits: before.writeUnits + writeUnits,
    });
  }

  /** @private */
  month() {
    return ['costs', this.clockMonth()];
  }

  /** @private */
  clockMonth() {
    return new Date(this.clock.now()).toISOString().slice(0, 7);
  }
}

/** @param {bigint} a @param {bigint} b */
function larger(a, b) {
  return a > b ? a : b;
}
