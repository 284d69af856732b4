import type { ExportSink } from './export-sink.js';

/** Writes an export into a file that somebody has chosen. Until the end that file is as it was. */
export class FileSink implements ExportSink {
  constructor(private readonly file: FileSystemWritableFileStream) {}

  write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    return this.file.write(bytes);
  }

  end(): Promise<void> {
    return this.file.close();
  }

  abandon(): Promise<void> {
    return this.file.abort();
  }
}
