import type { Condition, RegisterEvents, Write } from './register-events.js';

interface Group {
  /** By beginning. */
  readonly writes: readonly Write[];
  readonly conditions: readonly Condition[];
  taken: number;
}

/**
 * Writes that may have taken effect at any time after their beginning, or never. Those of one group cannot be told apart by what they do, so
 * that it is enough to use them in the order of their beginnings.
 */
export class PossibleWrites {
  constructor(private readonly groups: readonly Group[]) {}

  /** The next of each group that has begun by this moment. */
  candidates(moment: number): { readonly write: Write; readonly group: number }[] {
    return this.groups.flatMap(({ writes, taken }, group) => {
      const write = writes[taken];
      return write !== undefined && write.begunAt <= moment ? [{ write, group }] : [];
    });
  }

  take(group: number): void {
    (this.groups[group] as Group).taken += 1;
  }

  untake(group: number): void {
    (this.groups[group] as Group).taken -= 1;
  }

  /** How many of each group are used up, as far as they could still come after a write of this sequence. */
  used(sequence: number): readonly number[] {
    return this.groups.map(({ conditions, taken }) => {
      const isOver = conditions.some((check) => check.kind === 'version' && check.sequence < sequence);
      return isOver ? 0 : taken;
    });
  }
}

/** Of one register. Puts that nobody can have noticed are left out. */
export function possibleWrites(events: RegisterEvents): PossibleWrites {
  const isPresenceNoticed = mayNotice(events);
  const groups = new Map<string, { writes: Write[]; conditions: readonly Condition[]; taken: number }>();
  for (const write of events.possible) {
    if (write.value !== undefined && !isPresenceNoticed) continue;
    const kind = JSON.stringify([write.value === undefined, write.conditions]);
    const group = groups.get(kind);
    if (group === undefined) groups.set(kind, { writes: [write], conditions: write.conditions, taken: 0 });
    else group.writes.push(write);
  }
  return new PossibleWrites([...groups.values()]);
}

/** Whether anything tells of a value that no known write has left: a version of nobody's, or that there was something. */
function mayNotice({ readings, certain, possible }: RegisterEvents): boolean {
  const known = new Set(certain.map(({ version }) => version?.sequence));
  const isNotice = (condition: Condition): boolean =>
    condition.kind === 'present' || (condition.kind === 'version' && !known.has(condition.sequence));
  const events = [...readings, ...certain, ...possible];
  return (
    events.some(({ conditions }) => conditions.some(isNotice)) ||
    readings.some(({ sight }) => sight.kind === 'version' && !known.has(sight.version.sequence))
  );
}
