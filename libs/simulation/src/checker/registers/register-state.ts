import type { VersionText } from '../../history/history.js';
import { isSameVersion, nameOf } from '../course/calls.js';
import type { Condition, Reading, Write } from './register-events.js';

/** What a register holds after a write. */
export class RegisterState {
  private constructor(
    readonly write: Write | undefined,
    /** Sequences whose writes are known. */
    private readonly known: ReadonlySet<number | undefined>,
  ) {}

  static empty(known: ReadonlySet<number | undefined>): RegisterState {
    return new RegisterState(undefined, known);
  }

  after(write: Write): RegisterState {
    return new RegisterState(write, this.known);
  }

  /** Equal for states that nobody can tell apart. */
  get fingerprint(): string {
    if (!this.isPresent) return 'absent';
    return this.write?.version === undefined ? 'present' : this.write.id;
  }

  get words(): string {
    if (this.write === undefined) return 'nothing';
    const { id, version, value } = this.write;
    const what = value === undefined ? 'delete' : 'write';
    return `the ${what} of ${id} at ${version === undefined ? 'an unknown version' : nameOf(version)}`;
  }

  allows({ conditions }: Write): boolean {
    return conditions.every((condition) => this.meets(condition));
  }

  shows({ sight, conditions }: Reading): boolean {
    if (!conditions.every((condition) => this.meets(condition))) return false;
    switch (sight.kind) {
      case 'entry':
        return this.isOf(sight.version) && this.write?.value === sight.value;
      case 'version':
        return this.isOf(sight.version);
      case 'absence':
        return !this.isPresent;
      case 'conditions':
        return true;
    }
  }

  /** Whether nobody could tell the state after a write of unknown version from this one. */
  isLikeAfter({ value }: Write): boolean {
    if (value === undefined) return !this.isPresent;
    return this.isPresent && this.write?.version === undefined;
  }

  private get isPresent(): boolean {
    return this.write?.value !== undefined;
  }

  private meets(condition: Condition): boolean {
    if (condition.kind === 'version') return this.isOf(condition);
    return (condition.kind === 'present') === this.isPresent;
  }

  /** A write whose version nobody was told may have any that is not another's. */
  private isOf(version: VersionText): boolean {
    if (this.write === undefined || !this.isPresent) return false;
    const own = this.write.version;
    return own === undefined ? !this.known.has(version.sequence) : isSameVersion(own, version);
  }
}
