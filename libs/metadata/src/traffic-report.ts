import { mergeTraffic, MINUTE_MS, type Traffic } from '@leasehold/metering';

import type { PrismaClient } from './generated/client.js';

export type TrafficStep = 'minute' | 'hour' | 'day';

/** Which traffic of a database is asked for. */
export interface TrafficQuestion {
  /** Whole minutes, of hours and days whole hours in UTC; `to` is not in it. */
  readonly from: Date;
  readonly to: Date;
  readonly step: TrafficStep;
}

/** What requests came to in one step. */
export interface TrafficRow extends Traffic {
  /** When the step begins. */
  readonly from: Date;
}

const STEP_MINUTES: Readonly<Record<TrafficStep, number>> = { minute: 1, hour: 60, day: 24 * 60 };
/** Minutes are counted in four bytes. Nobody has traffic behind that. */
const MAX_MINUTE = 2 ** 31 - 1;

/** How many requests databases had and how long they took, as far as records are taken (`TrafficLedger`). */
export class TrafficReport {
  constructor(private readonly prisma: PrismaClient) {}

  /** Every record that was in the bucket then is in the report; undefined: nobody has looked yet. */
  async completeTo(): Promise<Date | undefined> {
    return (await this.prisma.trafficProgress.findFirst())?.completeTo;
  }

  /** By time; steps without requests have no row. As many as there are steps in the time at most. */
  async rows(databaseId: string, { from, to, step }: TrafficQuestion): Promise<readonly TrafficRow[]> {
    const found = await this.prisma.traffic.findMany({
      where: {
        databaseId,
        span: step === 'minute' ? 1 : 60,
        minute: { gte: minuteAt(from), lt: minuteAt(to) },
      },
      orderBy: { minute: 'asc' },
    });
    const steps = new Map<number, Traffic[]>();
    for (const { minute, requests, errors, coldStarts, coldPhases, latency } of found) {
      const begin = minute - (minute % STEP_MINUTES[step]);
      const row: Traffic = {
        ...{ requests: Number(requests), errors: Number(errors), coldStarts: Number(coldStarts) },
        coldPhases: coldPhases as Traffic['coldPhases'],
        latency: new Map(latency as [number, number][]),
      };
      const group = steps.get(begin);
      if (group === undefined) steps.set(begin, [row]);
      else group.push(row);
    }
    return [...steps].map(([minute, all]) => ({ from: new Date(minute * MINUTE_MS), ...mergeTraffic(all) }));
  }
}

function minuteAt(time: Date): number {
  return Math.min(time.getTime() / MINUTE_MS, MAX_MINUTE);
}
