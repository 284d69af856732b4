/** A failure that one sentence explains: it is printed without a stack, and the command exits with `exitCode`. */
export class CliError extends Error {
  override readonly name = 'CliError';

  constructor(
    message: string,
    readonly exitCode = 1,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The name of a system error (`ENOENT`), if it is one. By shape: an error may come from another realm. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** The sentence for a failed system call on a path, or undefined when the error is of another sort. */
export function explainFileError(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const path = 'path' in error && typeof error.path === 'string' ? error.path : 'a file';
  switch (systemCode(error)) {
    case 'EACCES':
    case 'EPERM':
      return `no right to read and write ${path}`;
    case 'EROFS':
      return `${path} lies on a read-only file system`;
    case 'ENOSPC':
      return `no space left on the disk of ${path}`;
    case 'ENOTDIR':
    case 'EEXIST':
      return `${path} is in the way: a folder is needed there`;
    default:
      return undefined;
  }
}
