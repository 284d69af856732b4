import { BlobSink } from './blob-sink.js';
import type { ExportSink } from './export-sink.js';
import { FileSink } from './file-sink.js';

/** What only some browsers have, and only in pages that came over TLS or from this machine. */
interface FilePicking {
  readonly showSaveFilePicker?: (options: {
    readonly suggestedName: string;
    readonly types: readonly { readonly description: string; readonly accept: Readonly<Record<string, string[]>> }[];
  }) => Promise<FileSystemFileHandle>;
}

/** A download that has begun has taken its blob by then. */
const KEPT_MS = 60_000;
const TYPES = [{ description: 'JSON lines', accept: { 'application/jsonl': ['.jsonl'] } }];

/**
 * Where an export goes: a file that is chosen now, or a download in the end. To be called right when a button is pressed, which is when browsers let one ask.
 * @returns undefined: nothing was chosen
 */
export async function openSink(name: string): Promise<ExportSink | undefined> {
  const handle = await chosenFile(name);
  if (handle === null) return undefined;
  if (handle === undefined) return new BlobSink((file) => download(file, name));
  return new FileSink(await handle.createWritable());
}

/** Null: nothing was chosen. Undefined: one cannot choose here. */
async function chosenFile(suggestedName: string): Promise<FileSystemFileHandle | null | undefined> {
  try {
    return await (window as FilePicking).showSaveFilePicker?.({ suggestedName, types: TYPES });
  } catch (error) {
    return error instanceof DOMException && error.name === 'AbortError' ? null : undefined;
  }
}

function download(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}
