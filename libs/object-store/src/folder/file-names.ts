import { assert, decodeUtf8 } from '@leasehold/foundation';

/**
 * How object keys become paths below the folder's `objects` directory. The key's parts between slashes become directories, the last one a file:
 *
 *     db/0c9a…/head        db/0c9a…/head.o
 *     db/0c9a…/head/x      db/0c9a…/head/x.o      a directory has no dot, so it never meets the file of the same name
 *     A/../b//c            %41/%2e%2e/b/%/c.o     anything but a-z 0-9 - _ is %xx per UTF-8 byte; an empty part is %
 *     <300 characters>     <200>+/<100>.o         a part too long for one file name goes on in a directory marked +
 *
 * The mapping is one to one on file systems that fold case and normalise Unicode too, and no key can leave the folder.
 */
export function objectPath(key: string): string {
  const parts = key.split('/').map(encodePart);
  return `${parts.join('/')}${OBJECT_SUFFIX}`;
}

/** The inverse; undefined for a file that no key maps to. */
export function keyOfPath(path: string): string | undefined {
  if (!path.endsWith(OBJECT_SUFFIX)) return undefined;
  const encoded = path.slice(0, -OBJECT_SUFFIX.length).replaceAll(`${CONTINUED}/`, '').split('/');
  const parts = encoded.map(decodePart);
  if (parts.includes(undefined)) return undefined;
  const key = parts.join('/');
  return objectPath(key) === path ? key : undefined;
}

export const OBJECT_SUFFIX = '.o';
const CONTINUED = '+';
const EMPTY_PART = '%';
/** File systems allow 255 bytes; the rest is room for suffixes. */
const MAX_NAME_CHARS = 200;

function encodePart(part: string): string {
  if (part === '') return EMPTY_PART;
  const names: string[] = [];
  let name = '';
  for (const byte of Buffer.from(part, 'utf8')) {
    const character = String.fromCharCode(byte);
    const atom = /[a-z0-9_-]/.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`;
    if (name.length + atom.length > MAX_NAME_CHARS) {
      names.push(name + CONTINUED);
      name = '';
    }
    name += atom;
  }
  return [...names, name].join('/');
}

function decodePart(encoded: string): string | undefined {
  if (encoded === EMPTY_PART) return '';
  if (!/^(?:[a-z0-9_-]|%[0-9a-f]{2})+$/.test(encoded)) return undefined;
  const bytes = encoded.match(/%..|./g);
  assert(bytes, 'the pattern above matched at least one byte');
  return decodeUtf8(
    Uint8Array.from(bytes, (atom) => (atom.length === 3 ? parseInt(atom.slice(1), 16) : atom.charCodeAt(0))),
  );
}
