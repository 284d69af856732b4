import { LeaseholdError } from '@leasehold/foundation';
import type { ErrorDetails } from '@leasehold/foundation';

/** The folder cannot be used as a bucket; the message is one sentence for the person who chose it. */
export class FolderUnusableError extends LeaseholdError {
  override readonly name = 'FolderUnusableError';

  constructor(message: string, details?: ErrorDetails) {
    super('unavailable', 'folder-unusable', message, details);
  }
}

/** Another process has the folder; it may let go of it. */
export class FolderInUseError extends FolderUnusableError {}

/** True for what the operating system answered to a system call. Told by its shape: a test runner has more than one Error class. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException & { readonly code: string } {
  return typeof error === 'object' && error !== null && 'syscall' in error && 'code' in error;
}

/** What the operating system said, in its own word: EACCES, ENOSPC … */
export function systemErrorCode(error: unknown): string {
  return isSystemError(error) ? error.code : String(error);
}
