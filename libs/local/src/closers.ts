/** What was opened, closed in the reverse order. */
export class Closers {
  private readonly steps: (() => Promise<void> | void)[] = [];
  private closing: Promise<void> | undefined;

  add(step: () => Promise<void> | void): void {
    this.steps.push(step);
  }

  /** The same promise for every caller. A step that fails keeps no other from being done; the first failure is thrown in the end. */
  close(): Promise<void> {
    this.closing ??= this.closeAll();
    return this.closing;
  }

  private async closeAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const step of this.steps.splice(0).reverse()) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
