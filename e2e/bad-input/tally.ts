/** Enough to see what is wrong; the same thing is wrong a hundred times. */
const MAX_FINDINGS = 40;

/** What became of many requests. */
export class Tally {
  readonly findings: string[] = [];
  private readonly outcomes = new Map<string, number>();

  add(outcome: string, finding: string | undefined): void {
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
    if (finding !== undefined && this.findings.length < MAX_FINDINGS) this.findings.push(finding);
  }

  count(outcome: RegExp): number {
    return [...this.outcomes].reduce((sum, [each, count]) => sum + (outcome.test(each) ? count : 0), 0);
  }

  /** The counts by outcome, the most frequent first. */
  summary(): string {
    const byCount = [...this.outcomes].sort(([, a], [, b]) => b - a);
    return byCount.map(([outcome, count]) => `${count} × ${outcome}`).join('\n');
  }
}
