import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeUtf8 } from '@leasehold/foundation';

import { JsonLinesSource } from './json-lines-source.js';

async function all<T>(items: AsyncIterable<T> | Iterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

describe('a file of JSON lines', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'leasehold-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function file(text: string): JsonLinesSource {
    const path = join(folder, 'entries.jsonl');
    writeFileSync(path, text);
    return JsonLinesSource.ofFile(path);
  }

  it('goes on behind any entry', async () => {
    const text = ['{"key":"a","value":"1"}', '', '{"key":"é","value":"2"}', '{"key":"c","value":"3"}'].join('\n');
    const source = file(text);
    expect(source.total).toBe(Buffer.byteLength(text));
    const entries = await all(source.entries(0));
    expect(entries.map(({ key }) => decodeUtf8(key))).toEqual(['a', 'é', 'c']);
    for (const [n, { nextPosition }] of entries.entries()) {
      const rest = await all(source.entries(nextPosition));
      expect(rest.map(({ key }) => decodeUtf8(key))).toEqual(['a', 'é', 'c'].slice(n + 1));
    }
  });

  it('names the line of what it cannot read', async () => {
    await expect(all(file('{"key":"a","value":"1"}\n\n{"key":\n').entries(0))).rejects.toThrow('line 3 is not JSON');
  });

  it('is another one when it has changed', () => {
    expect(file('a').fingerprint).not.toBe(file('b').fingerprint);
  });
});
