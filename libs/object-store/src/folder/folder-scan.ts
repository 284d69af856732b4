import { closeSync, fstatSync, openSync, readSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

import { CorruptBytesError } from '@leasehold/foundation';

import { OBJECT_SUFFIX, keyOfPath } from './file-names.js';
import { OBJECT_HEADER_BYTES, decodeObjectHeader } from './object-file.js';
import type { ObjectHeader } from './object-file.js';

/**
 * Reads what is in a folder: every object's key and header. Directories that deletions left empty are removed on the way.
 * Synchronous, because it runs once before anything is served and is several times faster so: less than 0.1 ms per object.
 *
 * @throws CorruptBytesError for a file that this store did not write whole
 */
export function scanFolder(objectsDirectory: string): Map<string, ObjectHeader> {
  const found = new Map<string, ObjectHeader>();
  const headerBytes = Buffer.alloc(OBJECT_HEADER_BYTES);

  const visit = (path: string): number => {
    let kept = 0;
    for (const entry of readdirSync(join(objectsDirectory, path), { withFileTypes: true })) {
      const entryPath = path === '' ? entry.name : `${path}/${entry.name}`;
      if (entry.isDirectory()) {
        if (visit(entryPath) > 0) kept++;
        else rmdirSync(join(objectsDirectory, entryPath));
        continue;
      }
      kept++;
      // Files of other programs (a desktop's folder settings) are none of our business.
      if (!entry.name.endsWith(OBJECT_SUFFIX)) continue;
      const key = keyOfPath(entryPath);
      if (key === undefined)
        throw new CorruptBytesError(`a file in the bucket folder has a name that is no object's: ${entryPath}`);
      found.set(key, readHeader(join(objectsDirectory, entryPath), headerBytes));
    }
    return kept;
  };

  visit('');
  return found;
}

function readHeader(path: string, headerBytes: Buffer): ObjectHeader {
  const file = openSync(path, 'r');
  try {
    const bytesRead = readSync(file, headerBytes, 0, OBJECT_HEADER_BYTES, 0);
    const header = decodeObjectHeader(headerBytes.subarray(0, bytesRead));
    if (fstatSync(file).size !== OBJECT_HEADER_BYTES + header.sizeBytes)
      throw new CorruptBytesError('object file has the wrong length');
    return header;
  } catch (error) {
    if (!(error instanceof CorruptBytesError)) throw error;
    throw new CorruptBytesError(`${error.message}: ${path}`);
  } finally {
    closeSync(file);
  }
}
