import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

type State = Readonly<Record<string, string | number>>;

/** Written at most so often. */
const SAVE_EVERY_MS = 100;

/**
 * How far a transfer has come, in a file of the user's own, so that one that was killed can go on. There is one for each source and
 * destination; it is gone once the transfer is complete.
 */
export class Checkpoint {
  private savedAt = Number.NEGATIVE_INFINITY;

  private constructor(
    private readonly path: string,
    private readonly nowMs: () => number,
  ) {}

  /** @param about everything that makes a transfer this one: another one does not see it */
  static of(about: readonly string[], env: NodeJS.ProcessEnv, nowMs: () => number): Checkpoint {
    const folder = env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state');
    const name = createHash('sha256').update(JSON.stringify(about)).digest('base64url').slice(0, 22);
    return new Checkpoint(join(folder, 'leasehold', 'transfers', `${name}.json`), nowMs);
  }

  /** Undefined: there is none, or it cannot be read. */
  read(): State | undefined {
    try {
      const state: unknown = JSON.parse(readFileSync(this.path, 'utf8'));
      return typeof state === 'object' && state !== null ? (state as State) : undefined;
    } catch {
      return undefined;
    }
  }

  /** Not each time: what is done again is done with the same result. */
  save(state: () => State): void {
    if (this.nowMs() - this.savedAt < SAVE_EVERY_MS) return;
    this.savedAt = this.nowMs();
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    const next = `${this.path}.${process.pid}`;
    writeFileSync(next, JSON.stringify(state()), { mode: 0o600 });
    renameSync(next, this.path);
  }

  remove(): void {
    rmSync(this.path, { force: true });
  }
}
