import { bucketLayout } from '@leasehold/bucket-layout';

/** What an object is, by its name. */
export const OBJECT_KINDS = ['record', 'segment', 'rollup', 'head', 'sst', 'pin', 'other'] as const;
export type ObjectKind = (typeof OBJECT_KINDS)[number];

/**
 * A step of the protocol, as its request to the bucket shows it: what is read, listed or deleted by its kind, and what is put by what it does.
 * Edits of a head: a new owner (`claim`), nobody as the owner (`release`, at the next epoch `recovery`), commits (`flush`), other files
 * (`compaction`), a higher floor (`gc-floor`). Edits of a record: the first (`birth`), `renewal`, `seal`, `clean`.
 */
export type Step =
  | `${'get' | 'list' | 'delete'} ${ObjectKind}`
  | `put ${Exclude<ObjectKind, 'head' | 'record'> | 'seal'}`
  | `put head ${HeadStep}`
  | `put record ${RecordStep}`;
export const HEAD_STEPS = ['claim', 'release', 'recovery', 'flush', 'compaction', 'gc-floor'] as const;
export type HeadStep = (typeof HEAD_STEPS)[number];
export const RECORD_STEPS = ['birth', 'renewal', 'seal', 'clean'] as const;
export type RecordStep = (typeof RECORD_STEPS)[number];

export type ProcessRole = 'worker' | 'compactor' | 'gateway' | 'exporter';

/** `before`: the request has not left the process. `after`: the bucket has applied it, and the process does not know yet. */
export const MOMENTS = ['before', 'after'] as const;
export type Moment = (typeof MOMENTS)[number];

/**
 * A place at which a process can be struck: the edge of one kind of request to the bucket. Between two of these a process does nothing that
 * anybody could see, so crashes there are crashes everywhere.
 */
export type Failpoint = `${ProcessRole} ${Moment} ${Step}`;

export function kindOf(key: string): ObjectKind {
  if (key.startsWith(bucketLayout.sessions)) return 'record';
  if (key.startsWith(bucketLayout.logs)) return key.includes('/rollup/') ? 'rollup' : 'segment';
  if (!key.startsWith(bucketLayout.databases)) return 'other';
  if (key.endsWith('/head')) return 'head';
  if (key.includes('/pins/')) return 'pin';
  return key.includes('/sst/') ? 'sst' : 'other';
}

/** What may be done to a process that comes by. */
export type Strike = (failpoint: Failpoint, process: string) => void;

interface Armed {
  readonly matches: (failpoint: Failpoint, process: string) => boolean;
  readonly strike: Strike;
  /** Passes that are let by first. */
  left: number;
}

/** Which failpoints were met, and what waits at them. */
export class Failpoints {
  /** How often a process came by, struck or not. */
  readonly met = new Map<Failpoint, number>();
  private armed: Armed[] = [];

  /** Strikes once, at the pass after `skip` others. @returns takes it back */
  arm(matches: Armed['matches'], strike: Strike, skip = 0): () => void {
    const entry: Armed = { matches, strike, left: skip };
    this.armed.push(entry);
    return () => {
      this.armed = this.armed.filter((other) => other !== entry);
    };
  }

  pass(failpoint: Failpoint, process: string): void {
    this.met.set(failpoint, (this.met.get(failpoint) ?? 0) + 1);
    if (this.armed.length === 0) return;
    for (const entry of [...this.armed]) {
      if (!entry.matches(failpoint, process) || entry.left-- > 0) continue;
      this.armed = this.armed.filter((other) => other !== entry);
      entry.strike(failpoint, process);
    }
  }

  disarm(): void {
    this.armed = [];
  }
}
