import { toBase64Url } from '@leasehold/foundation';
import type { ApiKeyRecord } from '@leasehold/metadata';

/** A key as it is shown. */
export interface KeyView extends Omit<ApiKeyRecord, 'databases' | 'keyPrefix'> {
  readonly databases: readonly string[] | null;
  /** Unpadded base64url. */
  readonly prefix64: string | null;
}

/** A previous secret is shown for as long as it works. */
export function viewOf({ databases, keyPrefix, previous, ...record }: ApiKeyRecord, nowMs: number): KeyView {
  return {
    ...record,
    databases: databases ?? null,
    prefix64: keyPrefix === undefined ? null : toBase64Url(keyPrefix),
    previous: previous !== null && previous.endsAt.getTime() > nowMs ? previous : null,
  };
}
