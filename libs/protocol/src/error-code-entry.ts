import type { ErrorKind } from '@leasehold/foundation';

export interface ErrorCodeEntry {
  readonly status: number;
  readonly kind: ErrorKind;
  readonly title: string;
  /** One or two sentences for docs/errors.md: when it is answered and what to do. */
  readonly meaning: string;
}

export function entry(status: number, kind: ErrorKind, title: string, meaning: string): ErrorCodeEntry {
  return { status, kind, title, meaning };
}
