interface Node {
  readonly item: number;
  readonly isReturn: boolean;
  prev: Node | undefined;
  next: Node | undefined;
}

interface Interval {
  readonly begunAt: number;
  readonly endedAt: number;
}

/**
 * Beginnings and ends of operations in the order of moments, without those that have been put into the order that is searched: the list of
 * Wing and Gong as Lowe keeps it. An operation may come next when it began before the first end in the list.
 */
export class PendingList {
  private readonly head: Node = { item: -1, isReturn: false, prev: undefined, next: undefined };
  private readonly calls: Node[] = [];
  private readonly returns: Node[] = [];
  private readonly lifted: number[] = [];

  /** @param intervals operations are named by their place */
  constructor(private readonly intervals: readonly Interval[]) {
    const nodes = intervals.flatMap(({ begunAt, endedAt }, item) => [
      { moment: begunAt, item, isReturn: false },
      { moment: endedAt, item, isReturn: true },
    ]);
    // What ends when another begins is not before it.
    nodes.sort((a, b) => (a.moment === b.moment ? Number(a.isReturn) - Number(b.isReturn) : a.moment - b.moment));
    let last = this.head;
    for (const { item, isReturn } of nodes) {
      const node: Node = { item, isReturn, prev: last, next: undefined };
      (isReturn ? this.returns : this.calls)[item] = node;
      last.next = node;
      last = node;
    }
  }

  /** How many are out of the list; hand it to {@link restore} to come back here. */
  get mark(): number {
    return this.lifted.length;
  }

  /** The one that has to come before whatever begins after its end; undefined: the list is empty. */
  get firstToEnd(): number | undefined {
    let node = this.head.next;
    while (node !== undefined && !node.isReturn) node = node.next;
    return node?.item;
  }

  /** Moment up to which an operation must have begun to come next. */
  get horizon(): number {
    const first = this.firstToEnd;
    return first === undefined ? Infinity : (this.intervals[first] as Interval).endedAt;
  }

  /** Those that may come next. */
  candidates(): readonly number[] {
    const items: number[] = [];
    for (let node = this.head.next; node !== undefined && !node.isReturn; node = node.next) items.push(node.item);
    return items;
  }

  /** Takes out whatever may come next and is wanted, until nothing is. */
  liftAll(isWanted: (item: number) => boolean): void {
    let last = this.head;
    for (let node = last.next; node !== undefined && !node.isReturn; node = last.next) {
      if (isWanted(node.item)) this.lift(node.item);
      else last = node;
    }
  }

  lift(item: number): void {
    unlink(this.calls[item] as Node);
    unlink(this.returns[item] as Node);
    this.lifted.push(item);
  }

  restore(mark: number): void {
    while (this.lifted.length > mark) {
      const item = this.lifted.pop() as number;
      relink(this.returns[item] as Node);
      relink(this.calls[item] as Node);
    }
  }
}

/** The node keeps its neighbours, so that it finds back between them. */
function unlink({ prev, next }: Node): void {
  if (prev !== undefined) prev.next = next;
  if (next !== undefined) next.prev = prev;
}

function relink(node: Node): void {
  if (node.prev !== undefined) node.prev.next = node;
  if (node.next !== undefined) node.next.prev = node;
}
