import type { ExportSink } from './export-sink.js';

/** Browsers keep what is in a blob outside of the memory of the page, and large ones on disk. */
const BLOB_BYTES = 4 * 1024 * 1024;
const TYPE = 'application/jsonl';

/** Gathers an export where the page cannot write files, and hands it over in the end. */
export class BlobSink implements ExportSink {
  private blobs: Blob[] = [];
  private parts: Uint8Array<ArrayBuffer>[] = [];
  private partsBytes = 0;

  constructor(private readonly save: (file: Blob) => void) {}

  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.parts.push(bytes);
    this.partsBytes += bytes.byteLength;
    if (this.partsBytes >= BLOB_BYTES) this.fold();
  }

  async end(): Promise<void> {
    this.fold();
    this.save(new Blob(this.blobs, { type: TYPE }));
    this.blobs = [];
  }

  async abandon(): Promise<void> {
    this.blobs = [];
    this.parts = [];
    this.partsBytes = 0;
  }

  private fold(): void {
    this.blobs.push(new Blob(this.parts));
    this.parts = [];
    this.partsBytes = 0;
  }
}
