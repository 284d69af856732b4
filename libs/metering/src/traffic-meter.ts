import { PHASES, type DatabaseId, type Phase, type PhaseList } from '@leasehold/foundation';

import { latencyBucket } from './latency.js';
import { minuteOf, type DatabaseMinute } from './traffic.js';

/** Of one request. */
export interface Answered {
  /** Wall ms since the Unix epoch. */
  readonly at: number;
  readonly elapsedMs: number;
  readonly isError: boolean;
  /** May change afterwards. */
  readonly phases: PhaseList;
}

interface Metered {
  requests: number;
  errors: number;
  coldStarts: number;
  /** µs, in the order of phases; undefined before the first cold start. */
  coldUs: number[] | undefined;
  readonly latency: Map<number, number>;
}

/** Databases of one minute. What is asked of further ones in it is counted together, and belongs to none. */
export const MAX_DATABASES_PER_MINUTE = 2_000;
/** Minutes that are held until they are taken: while the bucket is away. Older ones go first. */
const MAX_MINUTES = 15;
/** Who was in one of these met a database that was not open. */
const COLD = (['lease', 'seal', 'recover', 'open', 'head'] as const).map((phase) => PHASES.indexOf(phase));

/** Adds up what requests to each database came to in each minute. Knows no time of its own. Some 100 ns for a request. */
export class TrafficMeter {
  private minutes = new Map<number, Map<DatabaseId, Metered>>();
  private others = 0;

  get isEmpty(): boolean {
    return this.minutes.size === 0 && this.others === 0;
  }

  answered(database: DatabaseId, { at, elapsedMs, isError, phases }: Answered): void {
    const metered = this.of(minuteOf(at), database);
    if (metered === undefined) {
      this.others++;
      return;
    }
    metered.requests++;
    if (isError) metered.errors++;
    const bucket = latencyBucket(elapsedMs);
    metered.latency.set(bucket, (metered.latency.get(bucket) ?? 0) + 1);
    if (isCold(phases)) {
      metered.coldStarts++;
      const us = (metered.coldUs ??= PHASES.map(() => 0));
      for (let place = 0; place < us.length; place++) {
        us[place] = (us[place] as number) + Math.round((phases[place] as number) * 1_000);
      }
    }
  }

  /** What was told since the last time, as a record has it; from here on everything begins anew. */
  take(): { readonly minutes: readonly DatabaseMinute[]; readonly others: number } {
    const { minutes, others } = this;
    this.minutes = new Map();
    this.others = 0;
    const all = [...minutes]
      .sort(([a], [b]) => a - b)
      .flatMap(([minute, databases]) =>
        [...databases]
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([database, { coldUs, ...metered }]) => ({ database, minute, ...metered, coldPhases: namedUs(coldUs) })),
      );
    return { minutes: all, others };
  }

  private of(minute: number, database: DatabaseId): Metered | undefined {
    const databases = this.minutes.get(minute) ?? this.begin(minute);
    if (databases === undefined) return undefined;
    const known = databases.get(database);
    if (known !== undefined || databases.size >= MAX_DATABASES_PER_MINUTE) return known;
    const metered: Metered = { requests: 0, errors: 0, coldStarts: 0, coldUs: undefined, latency: new Map() };
    databases.set(database, metered);
    return metered;
  }

  /** Undefined: it is older than all that are held, as after a clock was put back, and there is no room. */
  private begin(minute: number): Map<DatabaseId, Metered> | undefined {
    if (this.minutes.size >= MAX_MINUTES) {
      const oldest = Math.min(...this.minutes.keys());
      if (minute < oldest) return undefined;
      for (const { requests } of this.minutes.get(oldest)?.values() ?? []) this.others += requests;
      this.minutes.delete(oldest);
    }
    const databases = new Map<DatabaseId, Metered>();
    this.minutes.set(minute, databases);
    return databases;
  }
}

function isCold(phases: PhaseList): boolean {
  for (const place of COLD) if ((phases[place] as number) > 0) return true;
  return false;
}

function namedUs(us: readonly number[] | undefined): Partial<Record<Phase, number>> {
  return Object.fromEntries((us ?? []).flatMap((each, place) => (each > 0 ? [[PHASES[place], each]] : [])));
}
