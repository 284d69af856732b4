import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { CliError } from '../cli-error.js';
import type { FileMark } from './export-file.js';
import { ExportFile } from './export-file.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'leasehold-'));
  path = join(folder, 'out.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

const written = (file: ExportFile, text: string) =>
  new Promise<void>((resolve, reject) => file.stream.write(text, (error) => (error ? reject(error) : resolve())));

/** An export that was left behind its first line, with half a line more. */
async function left(): Promise<FileMark> {
  const file = ExportFile.create(path, { replace: false });
  await written(file, 'first\n');
  const mark = file.mark(6);
  await written(file, 'sec');
  await file.close();
  return mark;
}

describe('the file of an export', () => {
  it('goes on where it was marked', async () => {
    const file = ExportFile.resume(path, await left());
    await written(file!, 'second\n');
    await file!.close();
    expect(readFileSync(path, 'utf8')).toBe('first\nsecond\n');
  });

  it('is not touched when another one has come in its place', async () => {
    const mark = await left();
    renameSync(path, join(folder, 'kept.jsonl'));
    expect(ExportFile.resume(path, mark)).toBeUndefined();
    writeFileSync(path, 'first\nbut of somebody else');
    expect(ExportFile.resume(path, mark)).toBeUndefined();
    expect(readFileSync(path, 'utf8')).toBe('first\nbut of somebody else');
  });

  it('is not touched when something else was written into it', async () => {
    const mark = await left();
    for (const text of ['FIRST\nsec', 'f']) {
      writeFileSync(path, text);
      expect(ExportFile.resume(path, mark)).toBeUndefined();
      expect(readFileSync(path, 'utf8')).toBe(text);
    }
  });

  it('is refused in one sentence where it is there already, or cannot be written', () => {
    writeFileSync(path, 'mine');
    expect(() => ExportFile.create(path, { replace: false })).toThrow(/is there already; --restart/);
    expect(readFileSync(path, 'utf8')).toBe('mine');
    for (const bad of [join(folder, 'none', 'out'), folder, join(path, 'out')]) {
      expect(() => ExportFile.create(bad, { replace: true })).toThrow(CliError);
    }
  });
});
