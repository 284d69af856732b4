import { LeaseholdError } from '@leasehold/foundation';
import type { ErrorDetails } from '@leasehold/foundation';

/** The folder cannot be used as a bucket; the message is one sentence for the person who chose it. */
export class FolderUnusableError extends LeaseholdError {
  override readonly name = 'FolderUnusableError';

  constructor(message: string, details?: ErrorDetails) {
    super('unavailable', 'folder-unusable', message, details);
  }
}

/** What the operating system said, in its own word: EACCES, ENOSPC … */
export function systemErrorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
