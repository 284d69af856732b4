import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { swcOptions } from '../swc-options.mjs';

const require = createRequire(import.meta.url);
/** What each source was last made into, one place for each: many processes start with the same files, and one of them does the work. */
const FOLDER = resolve(import.meta.dirname, '../..', process.env['TRANSPILED_FOLDER'] || '.leasehold/transpiled');
/** Everything besides the source that decides the output. */
const RECIPE = JSON.stringify([require('@swc/core/package.json').version, swcOptions]);

/** @param {...string} parts */
function digest(...parts) {
  const hash = createHash('sha1');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex');
}

/** @param {string} file */
function placeOf(file) {
  return join(FOLDER, `${digest(file)}.js`);
}

/**
 * A TypeScript source of this checkout as JavaScript.
 * @param {string} file absolute
 */
export function transpiled(file) {
  const text = readFileSync(file, 'utf8');
  const place = placeOf(file);
  const mark = `//${digest(RECIPE, text)}\n`;
  const kept = readIfPresent(place);
  if (kept?.startsWith(mark)) return kept.slice(mark.length);
  const { code, map } = transpile(file, text);
  mkdirSync(FOLDER, { recursive: true });
  writeWhole(`${place}.map`, map);
  writeWhole(place, mark + code);
  return code;
}

/**
 * The same of a text that is not what the disk has.
 * @param {string} file absolute @param {string} text
 */
export function transpile(file, text) {
  const { code, map = '' } = require('@swc/core').transformSync(text, {
    ...swcOptions,
    swcrc: false,
    configFile: false,
    sourceMaps: true,
    filename: file,
    sourceFileName: file,
  });
  return { code, map };
}

/** Where the source map of a transpiled file is. @param {string} file absolute */
export function sourceMapOf(file) {
  return `${placeOf(file)}.map`;
}

/** @param {string} file */
function readIfPresent(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** @param {string} file @param {string} text */
function writeWhole(file, text) {
  const draft = `${file}.${process.pid}.part`;
  writeFileSync(draft, text);
  renameSync(draft, file);
}
