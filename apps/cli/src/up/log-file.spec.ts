import { mkdtempSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LogFile } from './log-file.js';

describe('log file', () => {
  let folder: string;
  let log: LogFile;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lh-log-'));
    log = new LogFile(join(folder, 'deep', 'worker-1.log'));
  });
  afterEach(() => {
    log.close();
    rmSync(folder, { recursive: true });
  });

  it('shows the last lines of the present start only', () => {
    writeSync(log.fd, 'an earlier crash\n');
    log.markStart();
    expect(log.tail(3)).toEqual([]);
    writeSync(log.fd, 'one\ntwo\nthree\nfour\n');
    expect(log.tail(3)).toEqual(['two', 'three', 'four']);
  });

  it('moves a full log aside while the writer goes on', () => {
    writeSync(log.fd, 'x'.repeat(100));
    log.rotateIfFull(101);
    expect(statSync(log.path).size).toBe(100);
    log.rotateIfFull(100);
    writeSync(log.fd, 'after\n');
    expect(readFileSync(log.path, 'utf8')).toBe('after\n');
    expect(readFileSync(`${log.path}.1`, 'utf8')).toBe('x'.repeat(100));
    expect(log.tail(1)).toEqual(['after']);
  });
});
