import type { SlabFile } from './slab-file.js';
import type { Location } from './slot-table.js';

/**
 * Where the next record goes: a fixed number of slabs, filled one after the other, and then from the first one again. Each
 * life of a slab has a number of its own; the slab that is begun anew forgets all that was in it.
 */
export class SlabRing {
  /** Of the slab that is being filled. */
  private sequence = 1;
  private offset = 0;

  constructor(
    private readonly files: readonly SlabFile[],
    private readonly slabBytes: number,
  ) {}

  /** Records of slabs before it are gone. */
  get oldestSequence(): number {
    return Math.max(1, this.sequence - this.files.length + 1);
  }

  /** Slabs that were given up with what was in them. */
  get evictedSlabs(): number {
    return this.oldestSequence - 1;
  }

  /** True when a record will be overwritten after at most this part of the ring has been written. */
  isOld({ sequence }: Location, fraction: number): boolean {
    return this.sequence - sequence >= this.files.length * (1 - fraction);
  }

  /** True when a record fits into the slab that is being filled. */
  fits(sizeBytes: number): boolean {
    return this.offset + sizeBytes <= this.slabBytes;
  }

  /** Takes space for a record, in the next slab when it does not fit into this one. */
  reserve(sizeBytes: number): Location {
    if (!this.fits(sizeBytes)) {
      this.sequence++;
      this.offset = 0;
    }
    const location = { sequence: this.sequence, offset: this.offset, sizeBytes };
    this.offset += sizeBytes;
    return location;
  }

  fileOf({ sequence }: Pick<Location, 'sequence'>): SlabFile {
    return this.files[sequence % this.files.length] as SlabFile;
  }
}
