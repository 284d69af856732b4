import type { Entry } from '../entry.js';
import { compareKeys } from '../entry.js';

/** An entry lies at most so many slots from its place. A tenant who forges keys of one hash gets a slower memtable, not a slower worker. */
const MOST_PROBES = 32;

const FIRST_SLOTS = 4 * 1024;

/**
 * The newest entry of each key, by hash: two or three cache misses where a search through a large memtable has twenty. Open addressing over
 * ordinals, 16 bytes per key. It may give up ({@link isUsable}), and the caller then searches.
 */
export class NewestIndex {
  private readonly newest: Entry[] = [];
  /** Ordinal + 1 in `newest`; 0 is free. A power of two, at most half full. */
  private slots = new Uint32Array(FIRST_SLOTS);
  private usable = true;

  get isUsable(): boolean {
    return this.usable;
  }

  get(key: Uint8Array): Entry | undefined {
    const ordinal = this.slots[this.slotOf(key)] as number;
    return ordinal === 0 ? undefined : this.newest[ordinal - 1];
  }

  put(entry: Entry): void {
    if (!this.usable) return;
    const slot = this.slotOf(entry.key);
    if (slot < 0) return this.giveUp();
    const ordinal = this.slots[slot] as number;
    if (ordinal > 0) {
      const present = this.newest[ordinal - 1] as Entry;
      if (present.version.sequence <= entry.version.sequence) this.newest[ordinal - 1] = entry;
      return;
    }
    this.newest.push(entry);
    this.slots[slot] = this.newest.length;
    if (this.newest.length * 2 > this.slots.length) this.grow();
  }

  private grow(): void {
    this.slots = new Uint32Array(this.slots.length * 2);
    for (let ordinal = 1; ordinal <= this.newest.length; ordinal++) {
      const slot = this.slotOf((this.newest[ordinal - 1] as Entry).key);
      if (slot < 0) return this.giveUp();
      this.slots[slot] = ordinal;
    }
  }

  /** Where the key is or would be; −1 when it is further away than may be. */
  private slotOf(key: Uint8Array): number {
    const mask = this.slots.length - 1;
    let slot = hash(key) & mask;
    for (let probe = 0; probe < MOST_PROBES; probe++, slot = (slot + 1) & mask) {
      const ordinal = this.slots[slot] as number;
      if (ordinal === 0 || compareKeys((this.newest[ordinal - 1] as Entry).key, key) === 0) return slot;
    }
    return -1;
  }

  private giveUp(): void {
    this.usable = false;
    this.newest.length = 0;
    this.slots = new Uint32Array(0);
  }
}

function hash(key: Uint8Array): number {
  let h = key.length;
  for (let i = 0; i < key.length; i++) h = Math.imul(h ^ (key[i] as number), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
  return (h ^ (h >>> 15)) >>> 0;
}
