import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { csvLine } from './csv.js';

describe('a line of CSV', () => {
  it('ends with CR and LF, and has its fields apart by commas', () => {
    expect(csvLine(['a', 1, null, new Date(0), 0.5, -3])).toBe('a,1,,1970-01-01T00:00:00.000Z,0.5,-3\r\n');
  });

  it('quotes what would end a field', () => {
    expect(csvLine(['a,b', 'say "x"', 'two\nlines', 'r\rn'])).toBe('"a,b","say ""x""","two\nlines","r\rn"\r\n');
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\uff1d1'])('keeps %j from being run', (text) => {
    expect(csvLine([text])).toMatch(/^"?'/);
  });

  it('is read back as what it was, but for the apostrophe', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), (texts) => {
        const read = parse(csvLine(texts));
        expect(read.map((text, i) => (text === `'${texts[i]}` ? texts[i] : text))).toEqual(texts);
      }),
    );
  });
});

/** One record, as RFC 4180 has it. */
function parse(line: string): string[] {
  const fields: string[] = [];
  let rest = line.slice(0, -2);
  for (;;) {
    const quoted = /^"((?:[^"]|"")*)"/.exec(rest);
    const text = quoted ? (quoted[1] ?? '').replaceAll('""', '"') : (/^[^,]*/.exec(rest)?.[0] ?? '');
    fields.push(text);
    rest = rest.slice(quoted ? quoted[0].length : text.length);
    if (!rest.startsWith(',')) return fields;
    rest = rest.slice(1);
  }
}
