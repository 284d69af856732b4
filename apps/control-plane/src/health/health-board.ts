import type { Clock } from '@leasehold/foundation';

import type { PartHealth, PartLook, PartState } from './part-health.js';

/** Who asks within this time is told the same: many screens are not more work than one. */
export const HEALTH_KEPT_MS = 5_000;

export interface HealthAnswer {
  /** When the parts were looked at. */
  readonly at: Date;
  readonly parts: readonly PartHealth[];
}

/** Looks at all parts at once, keeps what it found for a moment, and remembers since when each is as it is. */
export class HealthBoard {
  private underWay: Promise<HealthAnswer> | undefined;
  private kept: HealthAnswer | undefined;
  private keptAtMs = -Infinity;
  private known: ReadonlyMap<string, { readonly state: PartState; readonly since: Date }> = new Map();

  /** @param looks each answers in a bounded time, and with a bounded number of parts; one that rejects is left out */
  constructor(
    private readonly looks: readonly (() => Promise<readonly PartLook[]>)[],
    private readonly clock: Clock,
  ) {}

  /** Of now, or of {@link HEALTH_KEPT_MS} ago at most. */
  read(): Promise<HealthAnswer> {
    if (this.kept !== undefined && this.clock.monotonic() - this.keptAtMs < HEALTH_KEPT_MS) {
      return Promise.resolve(this.kept);
    }
    return this.look();
  }

  /** Never rejects. Who comes while a look is under way gets that one. */
  look(): Promise<HealthAnswer> {
    this.underWay ??= this.lookAnew().finally(() => (this.underWay = undefined));
    return this.underWay;
  }

  private async lookAnew(): Promise<HealthAnswer> {
    const settled = await Promise.allSettled(this.looks.map((look) => look()));
    const found = settled.flatMap((look) => (look.status === 'fulfilled' ? look.value : []));
    const at = new Date(this.clock.now());
    const parts = found.map((part) => ({ ...part, since: part.since ?? this.sinceOf(part, at) }));
    // Only of parts that are there: what has gone is forgotten.
    this.known = new Map(parts.map((part) => [nameOf(part), { state: part.state, since: part.since }]));
    this.kept = { at, parts };
    this.keptAtMs = this.clock.monotonic();
    return this.kept;
  }

  private sinceOf(part: PartLook, at: Date): Date {
    const before = this.known.get(nameOf(part));
    return before?.state === part.state ? before.since : at;
  }
}

function nameOf({ kind, name }: Pick<PartLook, 'kind' | 'name'>): string {
  return `${kind} ${name}`;
}
