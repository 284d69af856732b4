import { closeSync, copyFileSync, fstatSync, mkdirSync, openSync, readSync, truncateSync } from 'node:fs';
import { dirname } from 'node:path';

/** Two files of this size at most are kept for each process. */
const LIMIT_BYTES = 16 * 1024 * 1024;
const TAIL_BYTES = 16 * 1024;

/**
 * Where a child process writes its output. The child holds the file itself, not a pipe to us, so that it can go on writing
 * while it drains after our own sudden end.
 */
export class LogFile {
  private readonly descriptor: number;
  private startedAtBytes: number;

  constructor(readonly path: string) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    this.descriptor = openSync(path, 'a+', 0o600);
    this.startedAtBytes = this.sizeBytes();
  }

  /** For `stdio` of a child process. */
  get fd(): number {
    return this.descriptor;
  }

  /** What follows belongs to a new start: {@link tail} does not look further back. */
  markStart(): void {
    this.startedAtBytes = this.sizeBytes();
  }

  /**
   * Moves a full log aside by copying: the child keeps its descriptor, which appends to the emptied file. Lines written between
   * the copy and the truncation are lost, which a log of a local run can bear.
   */
  rotateIfFull(limitBytes = LIMIT_BYTES): void {
    if (this.sizeBytes() < limitBytes) return;
    copyFileSync(this.path, `${this.path}.1`);
    truncateSync(this.path);
    this.startedAtBytes = 0;
  }

  /** The last lines since {@link markStart}. */
  tail(lines: number): readonly string[] {
    const end = this.sizeBytes();
    const from = Math.max(this.startedAtBytes, end - TAIL_BYTES);
    if (end <= from) return [];
    const buffer = Buffer.alloc(end - from);
    const length = readSync(this.descriptor, buffer, 0, buffer.length, from);
    return buffer.toString('utf8', 0, length).trimEnd().split('\n').slice(-lines);
  }

  close(): void {
    closeSync(this.descriptor);
  }

  private sizeBytes(): number {
    return fstatSync(this.descriptor).size;
  }
}
