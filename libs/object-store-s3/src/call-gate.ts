/** More than the connections serve within any timeout: what stands behind these would be answered too late anyway. */
export const MAX_WAITING_CALLS = 65_536;

/**
 * Lets as many calls at a time to the connections as there are places, the others wait in the order in which they came. Urgent calls go first, and
 * `reserved` places are theirs alone: hundreds of slow calls delay them by nothing.
 */
export class CallGate {
  private readonly urgent = new Set<() => void>();
  private readonly ordinary = new Set<() => void>();
  private inside = 0;
  private admitting = false;

  constructor(
    private readonly places: number,
    private readonly reserved: number,
  ) {}

  /** Calls `go` now or later; each `go` that was called is followed by one {@link leave}. @throws Error when {@link MAX_WAITING_CALLS} wait */
  enter(go: () => void, urgent: boolean): void {
    const queue = urgent ? this.urgent : this.ordinary;
    if (queue.size >= MAX_WAITING_CALLS) throw new Error(`${MAX_WAITING_CALLS} calls wait for a connection already`);
    queue.add(go);
    this.admit();
  }

  /** No longer waits; nothing happens to a call that has been let in. */
  withdraw(go: () => void): void {
    this.urgent.delete(go);
    this.ordinary.delete(go);
  }

  leave(): void {
    this.inside--;
    this.admit();
  }

  /** A call may leave before its `go` returns: a loop, because thousands that fail at once would be as many frames on the stack. */
  private admit(): void {
    if (this.admitting) return;
    this.admitting = true;
    for (let go = this.next(); go !== undefined; go = this.next()) {
      this.withdraw(go);
      this.inside++;
      go();
    }
    this.admitting = false;
  }

  private next(): (() => void) | undefined {
    const [urgent] = this.urgent;
    if (urgent !== undefined) return this.inside < this.places + this.reserved ? urgent : undefined;
    const [ordinary] = this.ordinary;
    return this.inside < this.places ? ordinary : undefined;
  }
}
