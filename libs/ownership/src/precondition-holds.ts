import type { Version } from '@leasehold/foundation';
import { equalVersions } from '@leasehold/foundation';
import type { Precondition } from '@leasehold/protocol';

/** @param present version of the live value; undefined when the key does not exist. */
export function preconditionHolds(precondition: Precondition, present: Version | undefined): boolean {
  switch (precondition.kind) {
    case 'none':
      return true;
    case 'absent':
      return present === undefined;
    case 'present':
      return present !== undefined;
    case 'version':
      return present !== undefined && equalVersions(present, precondition.version);
  }
}
