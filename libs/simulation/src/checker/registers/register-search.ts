import { nameOf } from '../course/calls.js';
import { FailedPlaces } from './failed-places.js';
import { PendingList } from './pending-list.js';
import { possibleWrites } from './possible-writes.js';
import type { PossibleWrites } from './possible-writes.js';
import type { Reading, RegisterEvents, Write } from './register-events.js';
import { RegisterState } from './register-state.js';

export type Verdict =
  | { readonly kind: 'linearizable' }
  | { readonly kind: 'undecided' }
  /** In words, what cannot be put anywhere when as much as possible has been. */
  | { readonly kind: 'violated'; readonly what: string };

/** What may come next, and where it was taken from. */
interface Choice {
  readonly write: Write;
  /** Undefined: the next of the certain ones. */
  readonly group: number | undefined;
}

interface Frame {
  readonly mark: number;
  readonly state: RegisterState;
  readonly choices: Choice[];
  /** What has led here. */
  readonly by: Choice | undefined;
}

/**
 * Looks for an order of everything that happened to one register, in which each reading shows what the write before it left and nothing
 * comes before what had ended when it began (Wing and Gong 1993; Lowe 2016).
 *
 * - A reading that can come next and fits is taken at once: it changes nothing, and so prevents nothing.
 * - Writes whose versions are known come in the order of these, so at most one of them can be next.
 * - Writes that may have taken effect are tried last, like ones only in the order of their beginnings.
 * - What has led nowhere is remembered by what was left to do and the state it was left in.
 */
export class RegisterSearch {
  private readonly items: readonly (Reading | Write)[];
  private readonly pending: PendingList;
  private readonly possible: PossibleWrites;
  private readonly failed = new FailedPlaces();
  private state: RegisterState;
  /** How many of the certain writes are in order. */
  private next = 0;
  private deepest = -1;
  /** What had to come next when most had its place, and after what. */
  private blocked: { readonly item: number; readonly state: RegisterState } | undefined;

  constructor(private readonly events: RegisterEvents) {
    this.items = [...events.certain, ...events.readings];
    this.pending = new PendingList(this.items);
    this.possible = possibleWrites(events);
    this.state = RegisterState.empty(new Set(events.certain.map(({ version }) => version?.sequence)));
  }

  /** @param maxSteps how many writes it tries to put somewhere before it gives up */
  run(maxSteps: number): Verdict {
    const frames: Frame[] = [];
    let by: Choice | undefined;
    for (let steps = 0; steps <= maxSteps; steps++) {
      this.pending.liftAll((item) => this.isFittingReading(item));
      const { firstToEnd } = this.pending;
      if (firstToEnd === undefined) return { kind: 'linearizable' };
      this.noteProgress(firstToEnd);
      const isKnown = !this.failed.isEmpty && this.failed.has(this.place, this.used);
      const choices = isKnown ? [] : this.choices();
      frames.push({ mark: this.pending.mark, state: this.state, choices, by });
      by = this.step(frames);
      if (by === undefined) return { kind: 'violated', what: this.complaint() };
    }
    return { kind: 'undecided' };
  }

  /** Takes the best choice that is left, going back as far as it has to. */
  private step(frames: Frame[]): Choice | undefined {
    for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
      this.pending.restore(frame.mark);
      this.state = frame.state;
      const choice = frame.choices.pop();
      if (choice !== undefined) {
        this.take(choice);
        return choice;
      }
      this.failed.add(this.place, this.used);
      if (frame.by !== undefined) this.untake(frame.by);
      frames.pop();
    }
    return undefined;
  }

  private take({ write, group }: Choice): void {
    if (group === undefined) this.pending.lift(this.next++);
    else this.possible.take(group);
    this.state = this.state.after(write);
  }

  /** The list and the state go back with the frame. */
  private untake({ group }: Choice): void {
    if (group === undefined) this.next -= 1;
    else this.possible.untake(group);
  }

  /** The best one last. */
  private choices(): Choice[] {
    const { horizon } = this.pending;
    const choices: Choice[] = this.possible
      .candidates(horizon)
      .filter(({ write }) => this.state.allows(write) && !this.state.isLikeAfter(write));
    const certain = this.events.certain[this.next];
    if (certain !== undefined && certain.begunAt <= horizon && this.state.allows(certain))
      choices.push({ write: certain, group: undefined });
    return choices;
  }

  private isFittingReading(item: number): boolean {
    const event = this.items[item] as Reading | Write;
    return 'sight' in event && this.state.shows(event);
  }

  /** Equal where the same is left to do from the same state. */
  private get place(): string {
    const { pending, next, state } = this;
    return `${next} ${pending.firstToEnd} ${pending.candidates().join()} ${state.fingerprint}`;
  }

  private get used(): readonly number[] {
    return this.possible.used(this.events.certain[this.next - 1]?.version?.sequence ?? 0);
  }

  private noteProgress(item: number): void {
    if (this.pending.mark <= this.deepest) return;
    this.deepest = this.pending.mark;
    this.blocked = { item, state: this.state };
  }

  private complaint(): string {
    const event = this.items[this.blocked?.item ?? 0] as Reading | Write;
    return `${this.events.key}: ${wordsOf(event)} has no place after ${this.blocked?.state.words}`;
  }
}

function wordsOf(event: Reading | Write): string {
  const { id, begunAt, endedAt } = event;
  const when = `${id} (${begunAt} to ${endedAt})`;
  if (!('sight' in event)) return `the ${event.value === undefined ? 'delete' : 'write'} of ${when}`;
  const { sight } = event;
  if ('version' in sight) return `the sight of ${nameOf(sight.version)} by ${when}`;
  return sight.kind === 'absence' ? `the absence for ${when}` : `what ${when} had checked`;
}
