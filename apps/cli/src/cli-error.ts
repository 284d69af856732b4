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

/** The sentence for a failed system call on a path, or undefined when the error is of another sort. */
export function explainFileError(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  const path = 'path' in error && typeof error.path === 'string' ? error.path : 'a file';
  switch (error.code) {
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
