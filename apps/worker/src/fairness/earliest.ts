/** Something that has its turn at a virtual time. */
export interface Turn {
  at: number;
}

/** Those who wait for a turn, the one whose turn comes first in front (a binary heap). Equal turns come in any order but their own. */
export class Earliest<T extends Turn> {
  private readonly heap: T[] = [];

  get count(): number {
    return this.heap.length;
  }

  get first(): T | undefined {
    return this.heap[0];
  }

  add(turn: T): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(turn);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.at(parent).at <= turn.at) break;
      heap[at] = this.at(parent);
      at = parent;
    }
    heap[at] = turn;
  }

  takeFirst(): T | undefined {
    const [first] = this.heap;
    const last = this.heap.pop();
    if (last !== undefined && last !== first) this.sink(last);
    return first;
  }

  /** Puts what was the last in place of the first. */
  private sink(turn: T): void {
    const { heap } = this;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.at(child + 1).at < this.at(child).at) child++;
      if (turn.at <= this.at(child).at) break;
      heap[at] = this.at(child);
      at = child;
    }
    heap[at] = turn;
  }

  private at(index: number): T {
    return this.heap[index] as T;
  }
}
