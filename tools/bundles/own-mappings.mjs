// Leaves in a source map only what is our own. Node reads the map of a bundle when it starts, and takes it apart when the first
// stack is told: three quarters of it are packages, of whom nobody asks for a line.

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUE_OF = new Int8Array(128).fill(-1);
for (let value = 0; value < DIGITS.length; value++) VALUE_OF[DIGITS.charCodeAt(value)] = value;
const COMMA = 44;
const SEMICOLON = 59;
/** Five bits of a number in each digit, and one that says that more follow. */
const BITS = 5;
const MORE = 1 << BITS;

/** @typedef {{ version: number, sources: string[], names: string[], mappings: string }} SourceMap */

/**
 * The same map without the sources that `isOurs` refuses. Where one of ours ends and something else begins there is a mapping to
 * nothing, so that no line of a package is told as one of ours.
 * @param {SourceMap} map
 * @param {(source: string) => boolean} isOurs
 * @returns {SourceMap}
 */
export function ownMappings({ version, sources, mappings }, isOurs) {
  const kept = sources.filter(isOurs);
  const place = sources.map((source) => kept.indexOf(source));
  const out = [];
  // The last numbers read and written: each is told as its difference to the one before.
  const read = { source: 0, line: 0, column: 0 };
  const written = { source: 0, line: 0, column: 0 };
  let position = 0;
  let inside = false;

  const number = () => {
    let value = 0;
    let shift = 0;
    for (;;) {
      const digit = VALUE_OF[mappings.charCodeAt(position++)] ?? -1;
      if (digit < 0) throw new Error('not a source map');
      value |= (digit & (MORE - 1)) << shift;
      if ((digit & MORE) === 0) return value & 1 ? -(value >>> 1) : value >>> 1;
      shift += BITS;
    }
  };
  const ended = () => {
    const next = mappings.charCodeAt(position);
    return Number.isNaN(next) || next === COMMA || next === SEMICOLON;
  };

  for (const end = mappings.length; position < end;) {
    // One line of the bundle.
    let column = 0;
    let writtenColumn = 0;
    let line = '';
    const tell = (/** @type {string} */ more) => {
      line += `${line === '' ? '' : ','}${digitsOf(column - writtenColumn)}${more}`;
      writtenColumn = column;
    };
    while (position < end && mappings.charCodeAt(position) !== SEMICOLON) {
      if (mappings.charCodeAt(position) === COMMA) position++;
      column += number();
      if (ended()) {
        if (inside) tell('');
        inside = false;
        continue;
      }
      read.source += number();
      read.line += number();
      read.column += number();
      if (!ended()) number();
      const source = place[read.source] ?? -1;
      if (source >= 0) {
        tell(
          digitsOf(source - written.source) +
            digitsOf(read.line - written.line) +
            digitsOf(read.column - written.column),
        );
        written.source = source;
        written.line = read.line;
        written.column = read.column;
      } else if (inside) tell('');
      inside = source >= 0;
    }
    out.push(line);
    position++;
  }
  return { version, sources: kept, names: [], mappings: out.join(';') };
}

/** @param {number} value */
function digitsOf(value) {
  let rest = value < 0 ? (-value << 1) | 1 : value << 1;
  let digits = '';
  do {
    const low = rest & (MORE - 1);
    rest >>>= BITS;
    digits += DIGITS[rest > 0 ? low | MORE : low];
  } while (rest > 0);
  return digits;
}
