import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeUtf8 } from '@leasehold/foundation';
import sqlite from 'node-sqlite3-wasm';

import type { SqliteTable } from './sqlite-table-source.js';
import { SqliteTableSource } from './sqlite-table-source.js';

let folder: string;
let path: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'leasehold-'));
  path = join(folder, 'shop.db');
  const database = new sqlite.Database(path);
  database.exec(`
    CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, score REAL, photo BLOB, big INTEGER);
    INSERT INTO users VALUES (2, 'Ada', 1.5, x'ff00', 9007199254740993), (1, 'Bob ✓', NULL, NULL, 0);
    CREATE TABLE "odd "" name" (a TEXT, b INTEGER, v BLOB, PRIMARY KEY (b, a)) WITHOUT ROWID;
    INSERT INTO "odd "" name" VALUES ('x', 2, x'00ff'), ('y', 1, 'text');
    CREATE TABLE keyless (v TEXT);
    INSERT INTO keyless VALUES ('one'), ('two');
    CREATE TABLE hollow (k TEXT, v TEXT);
    INSERT INTO hollow VALUES (NULL, 'v');
    CREATE TABLE pairs (a TEXT, b TEXT, PRIMARY KEY (a, b));
    INSERT INTO pairs VALUES ('a', 'b'), ('a/b', 'c');
    CREATE VIEW names AS SELECT name FROM users;
    CREATE TABLE rare (id INTEGER PRIMARY KEY, "__proto__" TEXT, twice INTEGER GENERATED ALWAYS AS (id * 2) STORED);
    INSERT INTO rare (id, "__proto__") VALUES (4, 'kept');
    CREATE TABLE called (key1 TEXT, cut TEXT, value0 TEXT);
    INSERT INTO called VALUES ('b', 'y', 'p'), ('a', 'y', 'q'), ('c', 'x', 'r');
    CREATE TABLE cut (k TEXT PRIMARY KEY, v BLOB, "it's" TEXT);
    INSERT INTO cut VALUES ('a', x'00', NULL), ('b' || char(0) || 'c', x'00', NULL), ('c', NULL, char(0) || 'd');
  `);
  database.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

function read(settings: Partial<SqliteTable> & { readonly table: string }, from = 0): [string, string][] {
  const source = new SqliteTableSource({
    path,
    keyColumns: undefined,
    valueColumn: undefined,
    prefix: '',
    ...settings,
  });
  try {
    return Array.from(source.entries(from), ({ key, value }) => [
      decodeUtf8(key) ?? '',
      decodeUtf8(value) ?? Buffer.from(value).toString('hex'),
    ]);
  } finally {
    source.close();
  }
}

describe('a table of SQLite', () => {
  it('gives its rows as JSON under their primary key, in its order', () => {
    expect(read({ table: 'users', prefix: 'user/' })).toEqual([
      ['user/1', '{"id":1,"name":"Bob ✓","score":null,"photo":null,"big":0}'],
      ['user/2', '{"id":2,"name":"Ada","score":1.5,"photo":"/wA=","big":9007199254740993}'],
    ]);
  });

  it('gives one column as it is, under the columns that are asked for', () => {
    expect(read({ table: 'odd " name', valueColumn: 'v' })).toEqual([
      ['1/y', 'text'],
      ['2/x', '00ff'],
    ]);
    expect(read({ table: 'users', keyColumns: ['name'], valueColumn: 'score' })).toEqual([
      ['Ada', '1.5'],
      ['Bob ✓', ''],
    ]);
  });

  it('has the row id as key where there is no other', () => {
    expect(read({ table: 'keyless', valueColumn: 'v' })).toEqual([
      ['1', 'one'],
      ['2', 'two'],
    ]);
  });

  it('gives every column, whatever it is called, those that are computed and the row id too', () => {
    expect(read({ table: 'rare' })).toEqual([['4', '{"id":4,"__proto__":"kept","twice":8}']]);
    expect(read({ table: 'rare', keyColumns: ['twice'], valueColumn: 'rowid' })).toEqual([['8', '4']]);
  });

  it('is in the order of the keys, whatever their columns are called', () => {
    const keys = (...keyColumns: string[]) => read({ table: 'called', keyColumns }).map(([key]) => key);
    expect(keys('cut', 'key1')).toEqual(['x/c', 'y/a', 'y/b']);
    expect(keys('key1', 'cut')).toEqual(['a/y', 'b/y', 'c/x']);
    expect(read({ table: 'called', keyColumns: ['value0'], valueColumn: 'key1' })).toEqual([
      ...[
        ['p', 'b'],
        ['q', 'a'],
        ['r', 'c'],
      ],
    ]);
  });

  it('refuses a text that it cannot read whole, in place of one that is cut off', () => {
    expect(() => read({ table: 'cut' })).toThrow('row 2 has a NUL in the text of k');
    expect(() => read({ table: 'cut' }, 2)).toThrow("row 3 has a NUL in the text of it's");
    expect(read({ table: 'cut', valueColumn: 'v', keyColumns: ['rowid'] })).toHaveLength(3);
  });

  it('goes on behind a row', () => {
    expect(read({ table: 'users', valueColumn: 'name' }, 1)).toEqual([['2', 'Ada']]);
    expect(read({ table: 'users' }, 2)).toEqual([]);
  });

  it.each([
    ['no such table', { table: 'none' }, 'has no table none'],
    ['a table that is none', { table: 'users"; DROP TABLE users; --' }, 'has no table'],
    ['no such column', { table: 'users', keyColumns: ['nick'] }, 'has no column nick; it has id, name'],
    ['the row id of a table that has none', { table: 'odd " name', keyColumns: ['rowid'] }, 'has no column rowid'],
    ['the row id of a view', { table: 'names', keyColumns: ['rowid'] }, 'has no column rowid'],
    ['a key without a text', { table: 'hollow', keyColumns: ['k'] }, 'row 1 has no text or number in k'],
    ['a key that another row could have', { table: 'pairs' }, 'row 2 has a / in a'],
    ['a view whose key nobody has said', { table: 'Names' }, 'Names is a view: --key-column is needed'],
  ])('refuses %s', (_what, settings, message) => {
    expect(() => read(settings)).toThrow(message);
    expect(read({ table: 'users' })).toHaveLength(2);
  });

  it('takes a slash in a key of one column, and a view whose key is said', () => {
    expect(read({ table: 'pairs', keyColumns: ['a'], valueColumn: 'b' })).toEqual([
      ['a', 'b'],
      ['a/b', 'c'],
    ]);
    expect(read({ table: 'names', keyColumns: ['name'], valueColumn: 'name' })).toHaveLength(2);
  });

  it('refuses a file with a write-ahead log, and says what to do', () => {
    const logged = join(folder, 'logged.db');
    const bytes = readFileSync(path);
    bytes.fill(2, 18, 20);
    writeFileSync(logged, bytes);
    expect(() => read({ path: logged, table: 'users' })).toThrow('PRAGMA journal_mode=delete');
  });

  it('refuses a file that is no database, and makes none where there is none', () => {
    const other = join(folder, 'other.db');
    writeFileSync(other, 'something else, long enough to be looked at');
    expect(() => read({ path: other, table: 'users' })).toThrow('cannot be read as an SQLite database');
    expect(() => read({ path: join(folder, 'none.db'), table: 'users' })).toThrow('does not exist');
  });
});
