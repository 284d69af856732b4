import { operandAt, PLACES_PER_TALLY } from '../history/tally.js';
import { KEY_KINDS } from '../history/values.js';

/** What one sum adds to which key. */
export interface Addend {
  readonly key: string;
  readonly operand: bigint;
}

/** Gives every sum of a run, whoever asks for it, an operand of its own in its key, so that what was applied tells whose it was. */
export class Addends {
  private readonly tallied = new Map<number, number>();
  private readonly counted = new Map<number, number>();

  /** The next free place of a database's tallies (`history/tally.ts`). */
  nextPlace(database: number): Addend {
    const number = next(this.tallied, database);
    const key = `${KEY_KINDS.tally}${Math.floor(number / PLACES_PER_TALLY)}`;
    return { key, operand: operandAt(number % PLACES_PER_TALLY) };
  }

  /** For counters that may be cleared: small, and as no other sum of the database. */
  nextOperand(database: number): bigint {
    return BigInt(1 + next(this.counted, database));
  }
}

function next(numbers: Map<number, number>, database: number): number {
  const number = numbers.get(database) ?? 0;
  numbers.set(database, number + 1);
  return number;
}
