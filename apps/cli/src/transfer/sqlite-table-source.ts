import { closeSync, existsSync, openSync, readSync } from 'node:fs';

import { utf8 } from '@leasehold/foundation';
import sqlite from 'node-sqlite3-wasm';

import { CliError } from '../cli-error.js';
import { fingerprintOf } from './fingerprint.js';
import type { ImportEntry, ImportSource } from './import-source.js';

export interface SqliteTable {
  readonly path: string;
  readonly table: string;
  /** Columns that make the key, their texts joined by `/`, which none of several may contain; by default those of the primary key, else the row id. */
  readonly keyColumns: readonly string[] | undefined;
  /** The one column that is the value; by default the whole row as JSON. */
  readonly valueColumn: string | undefined;
  /** Before every key. */
  readonly prefix: string;
}

interface Column {
  readonly name: string;
  /** Position in the primary key, 0: not in it. */
  readonly pk: number;
  /** 1: of a virtual table, and none that is read. Generated ones are 2 and 3. */
  readonly hidden: number;
}

type Cell = string | number | bigint | null | Uint8Array;
type Row = Readonly<Record<string, Cell>>;

/**
 * The rows of one table. Numbers beyond 2^53 keep their digits; a BLOB in a JSON value is a text of base64.
 */
export class SqliteTableSource implements ImportSource {
  readonly unit = 'rows';
  readonly total: number;
  readonly fingerprint: string;
  private readonly database: InstanceType<typeof sqlite.Database>;
  private readonly keyColumns: readonly string[];
  private readonly valueColumns: readonly string[];

  /** @throws CliError when there is no such file, table or column */
  constructor(private readonly settings: SqliteTable) {
    const { path, table, keyColumns, valueColumn } = settings;
    if (!existsSync(path)) throw new CliError(`${path} does not exist`);
    const { fingerprint } = fingerprintOf(path);
    if (hasLogBeside(path)) {
      throw new CliError(
        `${path} keeps a write-ahead log, which is not read; run "PRAGMA journal_mode=delete" on a copy of it and its -wal file`,
      );
    }
    this.database = new sqlite.Database(path, { readOnly: true });
    try {
      const all = this.rows<{ name: string; pk: number }>(`PRAGMA table_xinfo(${quoted(table)})`) as Column[];
      const columns = all.filter(({ hidden }) => Number(hidden) !== 1);
      if (columns.length === 0) throw new CliError(`${path} has no table ${table}`);
      const [listed] = this.rows<{ type: string; wr: Cell }>(`PRAGMA table_list(${quoted(table)})`);
      const isView = listed?.type === 'view';
      if (keyColumns === undefined && isView) throw new CliError(`${table} is a view: --key-column is needed`);
      const hasRowId = !isView && Number(listed?.wr) === 0;
      this.keyColumns = keyColumns ?? primaryKeyOf(columns);
      this.valueColumns = valueColumn === undefined ? columns.map(({ name }) => name) : [valueColumn];
      for (const name of [...this.keyColumns, ...(valueColumn === undefined ? [] : [valueColumn])]) {
        if (!columns.some((column) => column.name === name) && !(name === 'rowid' && hasRowId)) {
          throw new CliError(
            `table ${table} has no column ${name}; it has ${columns.map((column) => column.name).join(', ')}`,
          );
        }
      }
      this.total = Number(this.rows<{ n: Cell }>(`SELECT count(*) AS n FROM ${quoted(table)}`)[0]?.n ?? 0);
    } catch (error) {
      this.close();
      if (error instanceof CliError) throw error;
      throw new CliError(`${path} cannot be read as an SQLite database`, 1, { cause: error });
    }
    this.fingerprint = `${fingerprint} ${JSON.stringify({ ...settings, path: undefined })}`;
  }

  *entries(from: number): Iterable<ImportEntry> {
    const { table, valueColumn, prefix } = this.settings;
    const { keyColumns, valueColumns } = this;
    const read = [
      ...keyColumns.map((name, n) => `${quoted(name)} AS key${n}`),
      ...valueColumns.map((name, n) => `${quoted(name)} AS value${n}`),
      `${firstCut([...keyColumns, ...valueColumns])} AS cut`,
    ];
    // By their places: a name could be that of a column, or what another one is called here.
    const order = keyColumns.map((_, n) => n + 1).join(', ');
    const statement = this.database.prepare(
      `SELECT ${read.join(', ')} FROM ${quoted(table)} ORDER BY ${order} LIMIT -1 OFFSET ?`,
    );
    let position = from;
    try {
      for (const row of statement.iterate([from]) as Iterable<Row>) {
        position++;
        if (row['cut'] !== null) {
          throw new CliError(`row ${position} has a NUL in the text of ${String(row['cut'])}, which is not read whole`);
        }
        const key = keyColumns.map((name, n) => keyText(row[`key${n}`] ?? null, name, position));
        const ambiguous = key.length > 1 ? key.findIndex((part) => part.includes('/')) : -1;
        if (ambiguous >= 0) {
          throw new CliError(
            `row ${position} has a / in ${keyColumns[ambiguous]}, a part of its key: other rows could have the same key`,
          );
        }
        const cells = valueColumns.map((name, n) => [name, row[`value${n}`] ?? null] as const);
        const value = valueColumn === undefined ? rowValue(cells) : cellBytes(cells[0]?.[1] ?? null);
        yield { key: utf8(prefix + key.join('/')), value, nextPosition: position };
      }
    } finally {
      statement.finalize();
    }
  }

  skipped(): ReadonlyMap<string, number> {
    return new Map();
  }

  close(): void {
    this.database.close();
  }

  private rows<T>(sql: string): T[] {
    return this.database.all(sql) as unknown as T[];
  }
}

/** Read and write version of the format of the file, 2 each where it has a write-ahead log: https://www.sqlite.org/fileformat2.html, 1.3.3. */
const FORMAT_VERSIONS_AT = 18;
const WITH_LOG = 2;

/** Such a file alone may lack what was committed last. */
function hasLogBeside(path: string): boolean {
  const versions = Buffer.alloc(2);
  const descriptor = openSync(path, 'r');
  try {
    readSync(descriptor, versions, 0, versions.byteLength, FORMAT_VERSIONS_AT);
  } finally {
    closeSync(descriptor);
  }
  return versions.includes(WITH_LOG);
}

/** The name of the first column with a text that goes on behind a NUL, where the reader would end it; null: none has. */
function firstCut(columns: readonly string[]): string {
  const cases = columns.map((name) => {
    const column = quoted(name);
    return `WHEN typeof(${column}) = 'text' AND instr(${column}, char(0)) > 0 THEN '${name.replaceAll("'", "''")}'`;
  });
  return `CASE ${cases.join(' ')} END`;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function primaryKeyOf(columns: readonly Column[]): readonly string[] {
  const key = columns.filter(({ pk }) => Number(pk) > 0).sort((a, b) => Number(a.pk) - Number(b.pk));
  return key.length === 0 ? ['rowid'] : key.map(({ name }) => name);
}

function keyText(cell: Cell, column: string, rowNumber: number): string {
  if (cell === null || typeof cell === 'object') {
    throw new CliError(`row ${rowNumber} has no text or number in ${column}, which is to be its key`);
  }
  return String(cell);
}

function cellBytes(cell: Cell): Uint8Array {
  if (cell === null) return new Uint8Array(0);
  return typeof cell === 'object' ? cell : utf8(String(cell));
}

/** JSON by hand of one level: a bigint keeps its digits. */
function rowValue(members: readonly (readonly [string, Cell])[]): Uint8Array {
  return utf8(`{${members.map(([name, cell]) => `${JSON.stringify(name)}:${cellJson(cell)}`).join(',')}}`);
}

function cellJson(cell: Cell): string {
  if (typeof cell === 'bigint') return String(cell);
  if (cell !== null && typeof cell === 'object') return JSON.stringify(Buffer.from(cell).toString('base64'));
  return JSON.stringify(cell);
}
