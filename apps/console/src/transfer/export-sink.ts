/** Where an export is written. */
export interface ExportSink {
  /** Resolves when it is out of our hands, so that no more is read than is written. */
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** From then on the file is there. */
  end(): Promise<void>;
  /** What was written is given up. */
  abandon(): Promise<void>;
}

/** The file cannot be written, and what was written of it is of no use. */
export class SinkError extends Error {
  override readonly name = 'SinkError';
}
