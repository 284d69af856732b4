import { describe, expect, it } from '@jest/globals';
import type { DatabaseId } from '@leasehold/foundation';
import type { Head } from '@leasehold/engine';
import { UsageMeter } from '@leasehold/metering';

import { usageEvents } from './usage-events.js';

const DATABASE = '00000000-0000-4000-8000-00000000000a' as DatabaseId;
const usage = (commits: number) => ({ commits, writeUnits: 2 * commits, writtenBytes: 100 * commits });
const counter = (commits: number) => ({ commits, writeUnits: 2 * commits });

function headOf(hours: readonly (readonly [hour: number, commits: number])[], liveBytes = 0): Head {
  const marks = hours.map(([hour, commits]) => ({ hour, total: usage(commits) }));
  const counters = { total: usage(hours.at(-1)?.[1] ?? 0), recorded: usage(0), hours: marks };
  return { databaseId: DATABASE, usage: counters, statistics: { liveBytes } } as unknown as Head;
}

describe('usage events', () => {
  it('tell of a database that is opened what its head knows, by hours', () => {
    const meter = new UsageMeter();
    usageEvents(meter, { now: () => 0 }).opened(
      headOf([
        [5, 3],
        [6, 4],
        [9, 10],
      ]),
    );
    const [told] = meter.take();
    expect(told?.writes).toMatchObject([
      { hour: 5, from: counter(0), to: counter(3) },
      { hour: 6, from: counter(3), to: counter(4) },
      { hour: 9, from: counter(4), to: counter(10) },
    ]);
  });

  it('tell of one that is opened again only what others have written meanwhile', () => {
    const meter = new UsageMeter();
    const events = usageEvents(meter, { now: () => 0 });
    const hours: [number, number][] = [
      [5, 3],
      [6, 4],
    ];
    events.opened(headOf(hours));
    events.wrote(DATABASE, 6 * 3_600_000, usage(4), usage(6));
    meter.take();
    events.opened(
      headOf(
        [
          [5, 3],
          [6, 6],
        ],
        7,
      ),
    );
    expect(meter.take()).toMatchObject([{ writes: [], sizes: [{ bytes: 7 }] }]);
    events.opened(
      headOf([
        [5, 3],
        [6, 8],
        [9, 10],
      ]),
    );
    expect(meter.take()[0]?.writes).toMatchObject([
      { hour: 6, from: counter(3), to: counter(8) },
      { hour: 9, from: counter(8), to: counter(10) },
    ]);
  });

  it('tell everything again where something was lost, or commits in front are not told', () => {
    const meter = new UsageMeter();
    const events = usageEvents(meter, { now: () => 0 });
    events.wrote(DATABASE, 5 * 3_600_000, usage(2), usage(3));
    meter.take();
    events.opened(headOf([[5, 3]]));
    expect(meter.take()[0]?.writes).toMatchObject([{ from: counter(0), to: counter(3) }]);
    meter.lost++;
    events.opened(headOf([[5, 3]]));
    expect(meter.take()[0]?.writes).toMatchObject([{ from: counter(0), to: counter(3) }]);
  });

  it('tell nothing of a database without commits', () => {
    const meter = new UsageMeter();
    usageEvents(meter, { now: () => 0 }).opened(headOf([]));
    expect(meter.isEmpty).toBe(true);
  });

  it('go on from there with what is written, and tell sizes', () => {
    const meter = new UsageMeter();
    const events = usageEvents(meter, { now: () => 77 });
    events.opened(headOf([[5, 3]]));
    events.wrote(DATABASE, 5 * 3_600_000 + 1, usage(3), usage(5));
    events.flushed(headOf([[5, 5]], 1_234));
    const [told] = meter.take();
    expect(told?.writes).toMatchObject([{ hour: 5, from: counter(0), to: counter(5) }]);
    expect(told?.sizes).toEqual([{ at: 77, bytes: 1_234 }]);
  });
});
