import type { KeyEntry } from './directory-source.js';
import type { Principal } from './principal.js';

export interface CheckedKey {
  /** What the text was checked against. */
  readonly key: KeyEntry;
  readonly principal: Principal;
  /** The first ms at which the text is not taken any more; infinite when nobody has said so. */
  readonly endsAt: number;
}

/**
 * Texts of API keys whose secrets were found to be right, so that the next request need not hash its own. What is found here still has to be
 * held against what is known of the key by then. The lookup takes no time that depends on a secret: it compares only what has the same hash,
 * under a seed of this process.
 */
export class CheckedKeys {
  private readonly checked = new Map<string, CheckedKey>();

  constructor(private readonly capacity: number) {}

  get(text: string): CheckedKey | undefined {
    return this.checked.get(text);
  }

  add(text: string, { key, principal, endsAt }: CheckedKey): void {
    if (this.checked.get(text)?.key === key) return;
    this.checked.set(text, { key, principal, endsAt });
    if (this.checked.size <= this.capacity) return;
    for (const oldest of this.checked.keys()) {
      this.checked.delete(oldest);
      return;
    }
  }
}
