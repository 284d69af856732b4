import { monthBefore, monthOf } from '@leasehold/billing';
import { systemClock, systemRandom, UlidSource, type SessionId } from '@leasehold/foundation';
import { applyMigrations, InvoiceRound, Metadata, type Invoices } from '@leasehold/metadata';
import { startTestPostgres } from '@leasehold/metadata-testing';
import { MemoryStore } from '@leasehold/object-store';
import { RollUp, USAGE_RECORDS } from '@leasehold/upkeep';
import { UsageLedger } from '@leasehold/usage-ledger';

import type { Benchmark, BenchmarkOptions, BenchmarkRow, BenchmarkSize } from './benchmark.js';
import { rounded } from './benchmark.js';
import { databaseOf, DAILY, DAYS, organizationOf, putDay } from './billing/synthetic-month.js';

const TENANTS: Readonly<Record<BenchmarkSize, number>> = { full: 100_000, quick: 200 };
/** The last one meets what those before it have left. */
const QUARTERS = 4;
const MADE_AT_ONCE = 5_000;
/** As in a compactor, but so that a quarter has some batches. */
const MAX_INVOICES_TOGETHER = 100;
const MIN_BATCHES = 40;
/** Two are under way at once: only the pace of several tells what one takes. */
const PACE_BATCHES = 5;
/** What a quarter may take longer than the first: growth that is not linear shows, a busy machine does not. */
const MAX_GROWTH = 1.5;
const MIB = 1024 * 1024;
const NEVER = new AbortController().signal;

/** One month of many tenants, from records in the bucket to invoices. */
export const billing: Benchmark = {
  name: 'billing',
  about:
    'a month of many tenants, from usage records to invoices: time, memory, and whether both grow with the tenants',
  measure: async ({ size, tenants = TENANTS[size], say }: BenchmarkOptions) => {
    const postgres = await startTestPostgres();
    try {
      const databaseUrl = await postgres.createDatabase();
      await applyMigrations(databaseUrl, () => undefined);
      const metadata = Metadata.open({ databaseUrl });
      const ledger = new UsageLedger(databaseUrl);
      try {
        const month = new BilledMonth(metadata, ledger, tenants, say);
        await month.makeTenants();
        const taken = await month.rollUp();
        const issued = await month.invoice();
        return rowsOf(tenants, taken, issued, await month.missingUnits());
      } finally {
        await ledger.close();
        await metadata.close();
      }
    } finally {
      await postgres.close();
    }
  },
};

/** How long some tenants took. */
interface Piece {
  readonly tenants: number;
  readonly tookMs: number;
}

/** Of one of the two: the pieces of each quarter of the tenants, and the most memory that was held in it. */
interface Phase {
  readonly quarters: readonly (readonly Piece[])[];
  readonly quartersHeldBytes: readonly number[];
}

class BilledMonth {
  private readonly from: number;

  constructor(
    private readonly metadata: Metadata,
    private readonly ledger: UsageLedger,
    private readonly tenants: number,
    private readonly say: BenchmarkOptions['say'],
  ) {
    this.from = monthBefore(monthOf(systemClock.now()).from, 1).from;
  }

  /** Each with one database. */
  async makeTenants(): Promise<void> {
    this.say?.(`making ${this.tenants} tenants`);
    const { prisma } = this.metadata;
    const before = new Date(this.from - 1);
    for (let first = 0; first < this.tenants; first += MADE_AT_ONCE) {
      const made = Array.from({ length: Math.min(MADE_AT_ONCE, this.tenants - first) }, (_, i) => first + i);
      const [ids, databases] = [made.map(organizationOf), made.map(databaseOf)];
      await prisma.$executeRaw`
        INSERT INTO organizations (id, name, slug, created_at) SELECT id, id, id, ${before} FROM unnest(${ids}::text[]) AS id`;
      await prisma.$executeRaw`
        INSERT INTO databases (id, organization_id, name, created_at)
        SELECT d, o, 'main', ${before} FROM unnest(${databases}::uuid[], ${ids}::text[]) AS t (d, o)`;
    }
    await prisma.$executeRaw`
      INSERT INTO billing_start (id, first_period) VALUES (1, ${new Date(this.from)})
      ON CONFLICT (id) DO UPDATE SET first_period = EXCLUDED.first_period`;
  }

  async rollUp(): Promise<Phase> {
    const store = new MemoryStore(systemClock);
    const ids = new UlidSource(systemClock, systemRandom);
    const { ledger } = this;
    const refuse = (): never => {
      throw new Error('a synthetic record is refused');
    };
    const context = { store, clock: systemClock, ledger, series: USAGE_RECORDS, onDamaged: refuse, onConflict: refuse };
    const rollUp = new RollUp(context);
    return this.inQuarters(async (quarter, watch) => {
      this.say?.(`rolling up quarter ${quarter + 1} of ${QUARTERS}`);
      const pieces: Piece[] = [];
      const { from, to } = this.part(quarter);
      for (let day = 0; day < DAYS; day++) {
        const names = await putDay(store, ids.next() as SessionId, { day, monthFrom: this.from, from, to });
        const begun = systemClock.monotonic();
        await rollUp.pass(NEVER);
        pieces.push({ tenants: to - from, tookMs: systemClock.monotonic() - begun });
        watch();
        for (const name of names) await store.delete(name);
      }
      return pieces;
    });
  }

  async invoice(): Promise<Phase> {
    this.say?.('issuing invoices');
    const { invoices, prisma } = this.metadata;
    const held = Array.from({ length: QUARTERS }, () => 0);
    const quarters: Piece[][] = held.map(() => []);
    let [issued, batches] = [0, 0];
    let last = { issued: 0, at: systemClock.monotonic() };
    const finalizeAll: Invoices['finalizeAll'] = async (...args) => {
      const outcomes = await invoices.finalizeAll(...args);
      for (const { outcome } of outcomes.values()) {
        if (outcome !== 'finalized') throw new Error(`an invoice is ${outcome}`);
      }
      const quarter = Math.min(QUARTERS - 1, Math.floor((issued / this.tenants) * QUARTERS));
      held[quarter] = Math.max(held[quarter] ?? 0, heldBytes());
      issued += outcomes.size;
      batches++;
      if (batches % PACE_BATCHES === 0 || issued === this.tenants) {
        const at = systemClock.monotonic();
        quarters[quarter]?.push({ tenants: issued - last.issued, tookMs: at - last.at });
        last = { issued, at };
      }
      return outcomes;
    };
    const onFailed = (_: unknown, cause: unknown): never => {
      throw cause;
    };
    const invoicesTogether = Math.max(1, Math.min(MAX_INVOICES_TOGETHER, Math.floor(this.tenants / MIN_BATCHES)));
    const context = { prisma, invoices: { finalizeAll } as Invoices, clock: systemClock, onFailed, invoicesTogether };
    await new InvoiceRound(context).pass(0, NEVER);
    return { quarters, quartersHeldBytes: held };
  }

  /** Units that records tell of and invoices do not, or the other way. */
  async missingUnits(): Promise<number> {
    const rows = await this.metadata.prisma.$queryRaw<{ meter: string; quantity: string }[]>`
      SELECT meter, sum(quantity)::text AS quantity FROM invoice_lines WHERE meter IS NOT NULL GROUP BY meter`;
    const billed = new Map(rows.map(({ meter, quantity }) => [meter, Number(quantity)]));
    return (['writeUnits', 'readUnits', 'egressBytes'] as const).reduce(
      (sum, meter) => sum + Math.abs(this.tenants * DAYS * DAILY[meter] - (billed.get(meter) ?? 0)),
      0,
    );
  }

  private part(quarter: number) {
    const edge = (n: number) => Math.floor((n * this.tenants) / QUARTERS);
    return { from: edge(quarter), to: edge(quarter + 1) };
  }

  private async inQuarters(work: (quarter: number, watch: () => void) => Promise<readonly Piece[]>): Promise<Phase> {
    const quarters: (readonly Piece[])[] = [];
    const quartersHeldBytes: number[] = [];
    for (let quarter = 0; quarter < QUARTERS; quarter++) {
      let held = 0;
      quarters.push(await work(quarter, () => void (held = Math.max(held, heldBytes()))));
      quartersHeldBytes.push(held);
    }
    return { quarters, quartersHeldBytes };
  }
}

/** The lower quartile of what a tenant takes: while the machine does little else. */
function usual(pieces: readonly Piece[] = []): number {
  const each = pieces.map(({ tenants, tookMs }) => tookMs / tenants).sort((a, b) => a - b);
  return each[Math.floor(each.length / 4)] ?? Number.NaN;
}

/** Heap and buffers, garbage included. */
function heldBytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function rowsOf(tenants: number, taken: Phase, issued: Phase, missingUnits: number): BenchmarkRow[] {
  const shared = {
    peer: null,
    ratio: null,
    mode: `${tenants} tenants with a database each, ${DAYS} days, one hour of each; Postgres on the same machine, without fsync`,
  } as const;
  const secondsOf = ({ quarters }: Phase) => quarters.flat().reduce((sum, { tookMs }) => sum + tookMs, 0) / 1_000;
  const growth = ({ quarters }: Phase) => rounded(usual(quarters.at(-1)) / usual(quarters[0]));
  const secondsBy = (phase: Phase) =>
    phase.quarters.map((pieces) => rounded(secondsOf({ ...phase, quarters: [pieces] }))).join(', ');
  const heldMiB = ({ quartersHeldBytes }: Phase) => Math.round(Math.max(...quartersHeldBytes) / MIB);
  const heldBy = ({ quartersHeldBytes }: Phase) => quartersHeldBytes.map((held) => Math.round(held / MIB)).join(', ');
  const ofAll = (phase: Phase) => {
    const minutes = ((secondsOf(phase) / tenants) * TENANTS.full) / 60;
    return tenants < TENANTS.full
      ? `; ${TENANTS.full} tenants, which this run was too short for, take ${rounded(minutes)} min by the same rate`
      : '';
  };
  const lower = { ...shared, better: 'lower' } as const;
  const rows = tenants * DAYS;
  return [
    {
      ...lower,
      ...{ id: 'roll-up-seconds', value: rounded(secondsOf(taken)), unit: 's', target: null },
      note: `${Math.round(rows / secondsOf(taken))} databases of a day a second, each with a write, a read and a size; reading, checking and taking of records${ofAll(taken)}`,
    },
    {
      ...lower,
      ...{ id: 'roll-up-growth', value: growth(taken), unit: '×', target: MAX_GROWTH },
      note: `what a tenant takes in a pass with the last quarter of the tenants over the same with the first, of each the lower quartile: 1 is linear; by quarters ${secondsBy(taken)} s`,
    },
    {
      ...lower,
      ...{ id: 'roll-up-held', value: heldMiB(taken), unit: 'MiB', target: null },
      note: `heap and buffers of the process, garbage included; by quarters ${heldBy(taken)}`,
    },
    {
      ...lower,
      ...{ id: 'invoicing-seconds', value: rounded(secondsOf(issued)), unit: 's', target: null },
      note: `${rounded((secondsOf(issued) * 1_000) / tenants)} ms from one invoice to the next, many together, as one compactor issues them${ofAll(issued)}`,
    },
    {
      ...lower,
      ...{ id: 'invoicing-growth', value: growth(issued), unit: '×', target: MAX_GROWTH },
      note: `what an invoice takes of the last quarter over the same of the first, of each the lower quartile: 1 is linear; by quarters ${secondsBy(issued)} s`,
    },
    {
      ...lower,
      ...{ id: 'invoicing-held', value: heldMiB(issued), unit: 'MiB', target: null },
      note: `heap and buffers of the process, garbage included; by quarters ${heldBy(issued)}`,
    },
    {
      ...lower,
      ...{ id: 'unbilled-units', value: missingUnits, unit: 'units', target: 0 },
      note: 'write units, read units and bytes of egress that records tell of and invoice lines do not, or the other way',
    },
  ];
}
