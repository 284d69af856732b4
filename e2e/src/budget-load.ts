import { parseCost } from '@leasehold/protocol';

import type { Answer, Tenant } from './api.js';
import { call, expectStatus } from './api.js';
import type { Leasehold } from './leasehold.js';
import { pause, until } from './until.js';

/** Of all gateways together, each asking again as soon as it is answered. */
const CLIENTS = 24;
const MAX_VALUE_BYTES = 40_000;
/** A client has been refused so many writes in a row: then there is nothing left. */
const REFUSED_IN_A_ROW = 3;
const PAUSE_MS = 25;

/** What was spent, and what else was answered. */
export interface Spent {
  /** What the answers said. */
  units: number;
  requests: number;
  /** Neither served nor refused for the budget, by status; 0: not at all. */
  readonly others: Map<number, number>;
}

/** A tenant that asks all gateways as fast as it can. */
export class BudgetLoad {
  constructor(
    private readonly leasehold: Leasehold,
    private readonly tenant: Tenant,
  ) {}

  get gateways(): number {
    return this.leasehold.ready.gateways.length;
  }

  async setBudget(units: number): Promise<void> {
    const answer = await call(`${this.leasehold.ready.controlPlane}/v1/budgets/organization`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${this.tenant.token}` },
      body: JSON.stringify({ limit: { units }, hardStop: true }),
    });
    expectStatus(answer, 200);
  }

  /** @param gateway any number */
  ask(gateway: number, method: string, key: string, body?: Uint8Array): Promise<Answer> {
    return call(`${this.leasehold.ready.gateways[gateway % this.gateways]}/v1/db/main/keys/${key}`, {
      method,
      headers: { authorization: `Bearer ${this.tenant.key}` },
      ...(body && { body: body as NonNullable<RequestInit['body']> }),
    });
  }

  async probe(gateway: number): Promise<number> {
    return (await this.ask(gateway, 'PUT', 'probe', Buffer.from('p'))).status;
  }

  /** Ms until all gateways answer a write so. */
  async untilAll(status: number, withinMs: number): Promise<number> {
    const tookMs = await Promise.all(
      Array.from({ length: this.gateways }, (_, gateway) =>
        until(async () => (await this.probe(gateway)) === status, withinMs),
      ),
    );
    return Math.max(...tookMs);
  }

  /** Writes, of all sizes, and reads now and then, until writes are refused with this status and nothing else. */
  async spendUntil(status: number, spent: Spent = nothingSpent()): Promise<Spent> {
    await Promise.all(Array.from({ length: CLIENTS }, (_, client) => this.spend(status, spent, client)));
    return spent;
  }

  private async spend(status: number, spent: Spent, client: number): Promise<void> {
    for (let n = 0, refused = 0; refused < REFUSED_IN_A_ROW; n++) {
      const key = `k-${client}-${n % 5}`;
      const size = (n * 7_919 + client * 104_729) % MAX_VALUE_BYTES;
      const isRead = n % 4 === 3;
      const asked = this.ask(client, isRead ? 'GET' : 'PUT', key, isRead ? undefined : Buffer.alloc(size, 'v'));
      const answer = await asked.catch(() => undefined);
      spent.requests++;
      if (answer?.status === 200) {
        const { readUnits, writeUnits } = parseCost(answer.headers.get('leasehold-cost') ?? undefined);
        spent.units += readUnits + writeUnits;
        if (!isRead) refused = 0;
      } else if (answer?.status === status) {
        if (!isRead) refused++;
      } else {
        const other = answer?.status ?? 0;
        spent.others.set(other, (spent.others.get(other) ?? 0) + 1);
        // One that is gone need not be asked all the time.
        if (answer === undefined) await pause(PAUSE_MS);
      }
    }
  }
}

export function nothingSpent(): Spent {
  return { units: 0, requests: 0, others: new Map() };
}
