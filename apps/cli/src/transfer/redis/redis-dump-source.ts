import { CliError } from '../../cli-error.js';
import { fingerprintOf } from '../fingerprint.js';
import type { ImportEntry, ImportSource } from '../import-source.js';
import { FileReader } from './file-reader.js';
import { OPCODES, VALUE_TYPES } from './rdb-format.js';
import { RdbReader } from './rdb-reader.js';

const MAGIC = /^REDIS(\d{4})$/;
/** Of Redis 8. */
const MAX_FORMAT = 12;

/**
 * The strings of one database of a Redis dump (RDB, as `SAVE` and `redis-cli --rdb` write it), with their expiry. Values of other types and
 * keys of other databases are passed over and counted.
 */
export class RedisDumpSource implements ImportSource {
  readonly unit = 'bytes';
  readonly total: number;
  readonly fingerprint: string;
  private readonly passedOver = new Map<string, number>();

  constructor(
    private readonly path: string,
    private readonly database: number,
    private readonly nowMs: () => number,
  ) {
    const { fingerprint, sizeBytes } = fingerprintOf(path);
    this.total = sizeBytes;
    this.fingerprint = `${fingerprint} ${database}`;
  }

  /** Always reads from the beginning: which database and what expires is told before, not with, a key. */
  *entries(from: number): Iterable<ImportEntry> {
    this.passedOver.clear();
    const file = new FileReader(this.path);
    try {
      for (const entry of this.read(file)) if (entry.nextPosition > from) yield entry;
    } catch (error) {
      if (!(error instanceof Error) || error instanceof CliError) throw error;
      throw new CliError(`${this.path} ${error.message}, at byte ${file.position}`, 1, { cause: error });
    } finally {
      file.close();
    }
  }

  skipped(): ReadonlyMap<string, number> {
    return this.passedOver;
  }

  close(): void {
    // The file is open only while it is read.
  }

  private *read(file: FileReader): Iterable<ImportEntry> {
    const version = MAGIC.exec(file.bytes(9).toString('latin1'))?.[1];
    if (version === undefined) throw new Error('is not a dump of Redis');
    if (Number(version) > MAX_FORMAT)
      throw new Error(`has format ${Number(version)}; known are those up to ${MAX_FORMAT}`);
    const reader = new RdbReader(file);
    let database = 0;
    let expiresAt: number | undefined;
    for (;;) {
      const first = file.byte();
      switch (first) {
        case OPCODES.end:
          return;
        case OPCODES.selectDatabase:
          database = reader.length();
          break;
        case OPCODES.expiresAtMs:
          expiresAt = Number(file.bytes(8).readBigUInt64LE(0));
          break;
        case OPCODES.expiresAtSeconds:
          expiresAt = file.bytes(4).readUInt32LE(0) * 1_000;
          break;
        case OPCODES.auxiliary:
          reader.skip('string');
          reader.skip('string');
          break;
        case OPCODES.sizes:
          reader.skip('length');
          reader.skip('length');
          break;
        case OPCODES.slotInfo:
          for (let n = 0; n < 3; n++) reader.skip('length');
          break;
        case OPCODES.functionLibrary:
          reader.skip('string');
          this.count('function library');
          break;
        case OPCODES.moduleData:
          // When it is loaded stands in it as a further part.
          reader.skip('module');
          this.count('data of a module');
          break;
        case OPCODES.idle:
          reader.skip('length');
          break;
        case OPCODES.frequency:
          file.skip(1);
          break;
        default: {
          const entry = this.readKey(first, reader, file, database === this.database, expiresAt);
          expiresAt = undefined;
          if (entry) yield entry;
        }
      }
    }
  }

  private readKey(
    type: number,
    reader: RdbReader,
    file: FileReader,
    wanted: boolean,
    expiresAt: number | undefined,
  ): ImportEntry | undefined {
    const value = VALUE_TYPES.get(type);
    if (value === undefined) throw new Error(`has a value of a type that is not known (${type})`);
    const key = reader.string();
    const isExpired = expiresAt !== undefined && expiresAt <= this.nowMs();
    if (value.kind === 'string' && wanted && !isExpired) {
      return {
        key,
        value: reader.string(),
        ...(expiresAt === undefined ? {} : { expiresAt }),
        nextPosition: file.position,
      };
    }
    for (const shape of value.shape) reader.skip(shape);
    if (!wanted) this.count('key of another database');
    else this.count(isExpired ? 'expired key' : value.kind);
    return undefined;
  }

  private count(kind: string): void {
    this.passedOver.set(kind, (this.passedOver.get(kind) ?? 0) + 1);
  }
}
