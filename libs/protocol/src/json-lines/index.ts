/** Entries as lines of JSON: what an export writes and an import reads, on the command line and in a browser. Nothing in here needs Node. */
export { MAX_LINE_BYTES, formatLine, parseLine, sizeOfEntry, type LineEntry } from './json-line.js';
export { linesOf, type Line, type LinesOptions } from './lines.js';
