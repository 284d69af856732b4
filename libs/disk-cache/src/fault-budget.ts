/** Successes that make good for one fault. */
const SUCCESSES_PER_FAULT = 1_000;

/** Tells a disk that fails now and then from one that is broken. */
export class FaultBudget {
  private faults = 0;
  private successes = 0;

  constructor(private readonly limit: number) {}

  success(): void {
    if (this.faults === 0 || ++this.successes < SUCCESSES_PER_FAULT) return;
    this.successes = 0;
    this.faults--;
  }

  /** True when it was one too many. */
  fault(): boolean {
    this.successes = 0;
    return ++this.faults > this.limit;
  }
}
