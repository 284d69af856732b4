import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where a command is; undefined where it is not. */
export function onPath(command: string, path: string): string | undefined {
  return path
    .split(delimiter)
    .map((folder) => join(folder, command))
    .find((file) => existsSync(file));
}
