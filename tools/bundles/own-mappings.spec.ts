import { SourceMap } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import { transform } from 'esbuild';

import { ownMappings } from './own-mappings.mjs';

const OURS = 'libs/a.ts';
const THEIRS = 'node_modules/b.js';

/** Lines of a bundle, each told to come from the same line of `source`, beginning at the same columns. */
function mapOf(lines: readonly { readonly source: string; readonly columns: readonly number[] }[]) {
  const sources = [OURS, THEIRS];
  const last = { source: 0, line: 0, column: 0 };
  const mappings = lines.map(({ source, columns }, line) => {
    let before = 0;
    return columns
      .map((column) => {
        const at = { source: sources.indexOf(source), line, column };
        const numbers = [column - before, at.source - last.source, at.line - last.line, at.column - last.column];
        Object.assign(last, at);
        before = column;
        return numbers.map(digits).join('');
      })
      .join(',');
  });
  return { version: 3, sources, names: [], mappings: mappings.join(';') };
}

function digits(value: number): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  let rest = Math.abs(value) * 2 + (value < 0 ? 1 : 0);
  let text = '';
  for (;;) {
    const low = rest % 32;
    rest = (rest - low) / 32;
    text += alphabet[rest > 0 ? low + 32 : low];
    if (rest === 0) return text;
  }
}

const sourceAt = (map: ReturnType<typeof ownMappings>, line: number, column: number) => {
  const entry = new SourceMap({ ...map, file: '', sourcesContent: [], sourceRoot: '' }).findEntry(line, column);
  return 'originalSource' in entry && entry.originalSource !== undefined
    ? `${entry.originalSource}:${entry.originalLine}:${entry.originalColumn}`
    : undefined;
};

describe('the source map of a bundle', () => {
  it('tells the lines that are ours, and no line of a package', () => {
    const whole = mapOf([
      { source: OURS, columns: [0, 4, 70] },
      { source: THEIRS, columns: [0, 1_000] },
      { source: THEIRS, columns: [2] },
      { source: OURS, columns: [2, 3] },
    ]);
    const own = ownMappings(whole, (source) => source === OURS);
    expect(own.sources).toEqual([OURS]);
    expect(sourceAt(own, 0, 5)).toBe(`${OURS}:0:4`);
    expect(sourceAt(own, 0, 99)).toBe(`${OURS}:0:70`);
    expect(sourceAt(own, 1, 0)).toBeUndefined();
    expect(sourceAt(own, 1, 1_500)).toBeUndefined();
    expect(sourceAt(own, 2, 7)).toBeUndefined();
    expect(sourceAt(own, 3, 2)).toBe(`${OURS}:3:2`);
    expect(sourceAt(own, 3, 40)).toBe(`${OURS}:3:3`);
  });

  it('keeps every place of a map that is ours altogether, names aside', async () => {
    const code = Array.from(
      { length: 60 },
      (_, n) => `export function f${n}(a) {\n\n  return a.map((x) => x ** ${n});\n}`,
    );
    const { map } = await transform(code.join('\n'), { sourcemap: true, sourcefile: OURS, minify: true });
    const whole = JSON.parse(map);
    const own = ownMappings(whole, () => true);
    for (let column = 0; column < 3_000; column++) {
      expect([column, sourceAt(own, 0, column)]).toEqual([column, sourceAt(whole, 0, column)]);
    }
  });

  it('refuses what is no source map', () => {
    expect(() => ownMappings({ version: 3, sources: [OURS], names: [], mappings: 'A!' }, () => true)).toThrow(
      'not a source map',
    );
  });
});
