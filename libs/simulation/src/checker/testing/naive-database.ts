import type { CommitText, KeyedEntryText, OperationText, RangeText } from '../../history/history.js';

interface Stored {
  readonly value: string;
  readonly sequence: number;
  readonly epoch: number;
  readonly expiresAt: number;
}

/** A database as a list of plain maps, one for each version: slow and hard to get wrong. */
export class NaiveDatabase {
  readonly commits: CommitText[] = [];
  private readonly states: ReadonlyMap<string, Stored>[] = [new Map()];

  constructor(private readonly tag: string) {}

  get last(): number {
    return this.commits.length;
  }

  /** Applies operations as the next commit. */
  commit(ops: readonly OperationText[], epoch: number, nowMs: number): CommitText {
    const sequence = this.last + 1;
    const state = new Map(this.states[sequence - 1]);
    const ranges: RangeText[] = [];
    const touched = new Map<string, 'put' | 'delete'>();
    for (const op of ops) {
      if (op.op === 'deleteRange') {
        for (const key of [...state.keys(), ...touched.keys()]) {
          if (!holds(op.range, key)) continue;
          state.delete(key);
          touched.delete(key);
        }
        ranges.push(op.range);
      } else if (op.op === 'delete') {
        state.delete(op.key);
        touched.set(op.key, 'delete');
      } else {
        const { value, expiresAt } = op.op === 'put' ? op : this.counted(op, state.get(op.key), nowMs);
        state.set(op.key, { value, sequence, epoch, expiresAt: expiresAt ?? Infinity });
        touched.set(op.key, 'put');
      }
    }
    this.states.push(state);
    const entries = [...touched].sort().map(([key, kind]) => {
      const { value = '', expiresAt = Infinity } = kind === 'put' ? (state.get(key) ?? {}) : {};
      return { key, kind, value, expiresAt };
    });
    const commit: CommitText = { version: { epoch, sequence }, committedAt: nowMs, entries, rangeDeletes: ranges };
    this.commits.push(commit);
    return commit;
  }

  /** What is there at a version, for a clock that shows `nowMs`. */
  entriesAt(sequence: number, nowMs: number, range: RangeText = { start: '', end: undefined }): KeyedEntryText[] {
    return [...(this.states[sequence] ?? [])]
      .filter(([key, { expiresAt }]) => holds(range, key) && expiresAt > nowMs)
      .map(([key, { value, epoch, sequence }]) => ({ key, value, version: { epoch, sequence } }))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** By key: when what is there now expires, if ever. */
  expiring(): ReadonlyMap<string, number> {
    const present = [...(this.states[this.last] ?? [])].map(([key, { expiresAt }]) => [key, expiresAt] as const);
    return new Map(present.filter(([, expiresAt]) => expiresAt !== Infinity));
  }

  private counted(op: Extract<OperationText, { operand: bigint }>, present: Stored | undefined, nowMs: number): Stored {
    const bytes = Buffer.alloc(8);
    const isThere = present !== undefined && present.expiresAt > nowMs;
    const before = isThere ? Buffer.from(present.value, 'latin1').readBigUInt64LE(this.tag.length) : undefined;
    const options = {
      sum: (before ?? 0n) + op.operand,
      min: min(before, op.operand),
      max: -min(-(before ?? 0n), -op.operand),
    };
    bytes.writeBigUInt64LE(BigInt.asUintN(64, options[op.op]));
    const expiresAt = isThere ? present.expiresAt : Infinity;
    return { value: this.tag + bytes.toString('latin1'), sequence: 0, epoch: 0, expiresAt };
  }
}

function min(a: bigint | undefined, b: bigint): bigint {
  return a !== undefined && a < b ? a : b;
}

function holds({ start, end }: RangeText, key: string): boolean {
  return key >= start && (end === undefined || key < end);
}
