import type { DatabaseId, UlidSource } from '@leasehold/foundation';
import type { SettleContext } from '@leasehold/object-store';

import type { Entry } from '../entry.js';
import type { SstRef } from '../format/sst-ref.js';
import { publishSst } from '../sst/publish-sst.js';
import type { SstMarks } from '../sst/sst-builder.js';
import { SstBuilder } from '../sst/sst-builder.js';

/**
 * Cuts a run of entries into files and uploads them: one is built while the one before is on its way, so two of them are in memory. Nobody
 * knows of the files until a head names them.
 */
export class RunWriter {
  private readonly files: SstRef[] = [];
  private builder: SstBuilder;
  private upload: Promise<void> = Promise.resolve();

  constructor(
    private readonly ctx: SettleContext,
    private readonly databaseId: DatabaseId,
    private readonly ids: UlidSource,
    private readonly marks: Partial<SstMarks>,
  ) {
    this.builder = new SstBuilder(databaseId, marks);
  }

  /** Of the file that is being built. */
  get sizeBytes(): number {
    return this.builder.isEmpty ? 0 : this.builder.sizeBytes;
  }

  /** The versions of one key lie in one file: cut only between keys. */
  add(entry: Entry): void {
    this.builder.add(entry);
  }

  /** Ends the present file, if it has entries. Waits for the upload before it. */
  async cut(): Promise<void> {
    if (this.builder.isEmpty) return;
    const { builder } = this;
    this.builder = new SstBuilder(this.databaseId, this.marks);
    await this.upload;
    this.upload = publishSst(this.ctx, this.databaseId, this.ids, builder).then((ref) => void this.files.push(ref));
    // Awaited by the next cut or by finish, which a failing merge may never reach.
    this.upload.catch(() => undefined);
  }

  /** All files, in order, durable. */
  async finish(): Promise<readonly SstRef[]> {
    await this.cut();
    await this.upload;
    return this.files;
  }
}
