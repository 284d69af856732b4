import type { ListedObject } from '@leasehold/object-store';

import type { FindingKind, ScrubFinding, ScrubReport } from './scrub-report.js';
import { FINDINGS_LIMIT } from './scrub-report.js';

/** Counts of one scrub under way. */
export class Tally {
  objects = 0;
  databases = 0;
  sessions = 0;
  quarantined = 0;
  unclosed = 0;
  private referenced = 0;
  private readonly counts: Record<FindingKind, number> = { missing: 0, corrupt: 0, orphan: 0, young: 0 };
  private readonly findings: ScrubFinding[] = [];
  /** Two parts may notice the same: a head is missed by its folder and by a log. */
  private readonly faulty = new Set<string>();

  /** @param youngFrom on the store's clock: an orphan that was written since is young */
  constructor(private readonly youngFrom: number) {}

  /** Objects that are there and have to be, whatever is wrong with them. */
  reference(objects: number): void {
    this.referenced += objects;
  }

  missing(name: string, why: string): void {
    if (this.faulty.has(name)) return;
    this.referenced++;
    this.find('missing', name, why);
  }

  corrupt(name: string, why: string): void {
    if (this.faulty.has(name)) return;
    this.find('corrupt', name, why);
  }

  orphan({ key, lastModifiedAt }: ListedObject, why: string): void {
    this.find(lastModifiedAt > this.youngFrom ? 'young' : 'orphan', key, why);
  }

  report(): ScrubReport {
    const { objects, referenced, databases, sessions, quarantined, unclosed, findings, counts } = this;
    return {
      objects,
      referenced,
      missing: counts.missing,
      corrupt: counts.corrupt,
      orphans: counts.orphan,
      young: counts.young,
      databases,
      sessions,
      quarantined,
      unclosed,
      findings,
    };
  }

  private find(kind: FindingKind, name: string, why: string): void {
    this.counts[kind]++;
    if (kind === 'missing' || kind === 'corrupt') this.faulty.add(name);
    if (this.findings.length < FINDINGS_LIMIT) this.findings.push({ kind, name, why });
  }
}
