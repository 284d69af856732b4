import type { BudgetAsk, BudgetGrant, BudgetLedger } from '@leasehold/directory';

interface Row {
  readonly granted: number;
  readonly sequence: number;
}

/** Of what is left, one ask gets this part at most, divided by the holders. As the migrations of budgets have it. */
const SHARE = 16;

/** A ledger that can be down, and lose its answers. Every holder lives for ever. */
export class MemoryBudgetLedger implements BudgetLedger {
  isDown = false;
  losesAnswers = false;
  /** Of every exchange that was heard. */
  readonly heard: BudgetAsk[] = [];
  private readonly allowances = new Map<string, number>();
  private readonly rows = new Map<string, Map<string, Row>>();

  allow(budgetId: string, allowance: number): void {
    this.allowances.set(budgetId, allowance);
  }

  /** What is spent or held of it, by everybody, in all months. */
  taken(budgetId: string): number {
    let sum = 0;
    for (const [place, rows] of this.rows) if (place.startsWith(`${budgetId} `)) sum += sumOf(rows);
    return sum;
  }

  async exchange(asks: readonly BudgetAsk[]): Promise<readonly BudgetGrant[]> {
    if (this.isDown) throw new Error('connection refused');
    this.heard.push(...asks);
    const grants = asks.flatMap((ask) => this.take(ask));
    if (this.losesAnswers) throw new Error('the answer is lost');
    return grants;
  }

  private take({ budgetId, month, holder, sequence, spent, keep, want, need }: BudgetAsk): readonly BudgetGrant[] {
    const allowance = this.allowances.get(budgetId);
    if (allowance === undefined) return [];
    const place = `${budgetId} ${month}`;
    const rows = this.rows.get(place) ?? new Map<string, Row>();
    this.rows.set(place, rows);
    const own = rows.get(holder);
    if (own !== undefined && sequence <= own.sequence) return [];
    rows.delete(holder);
    const available = allowance - sumOf(rows) - spent;
    const holders = rows.size + 1;
    const share = Math.trunc(available / (SHARE * holders));
    const held = Math.max(0, keep, Math.min(want, share), need <= available ? need : 0);
    const [granted, rest] = [spent + held, available - held];
    rows.set(holder, { granted, sequence });
    const overdraft = Math.max(0, Math.trunc(Math.min(rest, Math.max(allowance / 100, 1_000)) / holders));
    return [{ budgetId, month, granted, rest, overdraft }];
  }
}

function sumOf(rows: ReadonlyMap<string, Row>): number {
  let sum = 0;
  for (const { granted } of rows.values()) sum += granted;
  return sum;
}
