import { describe, expect, it } from '@jest/globals';
import {
  PHASES,
  phaseList,
  ulidFloorAt,
  utf8,
  type DatabaseId,
  type PhaseTimes,
  type SessionId,
} from '@leasehold/foundation';
import { gunzipSync, gzipSync } from 'node:zlib';

import { latencyBucket } from './latency.js';
import { mergeTraffic, MINUTE_MS } from './traffic.js';
import { MAX_DATABASES_PER_MINUTE, TrafficMeter } from './traffic-meter.js';
import { decodeTrafficRecord, encodeTrafficRecord } from './traffic-record-format.js';

const AT = 29_000_000 * MINUTE_MS;
const SESSION = ulidFloorAt(AT) as SessionId;
const idOf = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}` as DatabaseId;
const [A, B] = [idOf(1), idOf(2)];
const answered = (at: number, elapsedMs: number, times: Partial<PhaseTimes> = {}, isError = false) => ({
  ...{ at, elapsedMs, isError, phases: phaseList(times) },
});

function busy(): TrafficMeter {
  const meter = new TrafficMeter();
  meter.answered(B, answered(AT + 1_000, 2));
  meter.answered(A, answered(AT, 60, { open: 26.25, put: 30, net: 0.5 }));
  meter.answered(A, answered(AT + 59_999, 2, { read: 1 }));
  meter.answered(A, answered(AT + MINUTE_MS, 30, { head: 25 }, true));
  return meter;
}

describe('a traffic meter', () => {
  it('adds up by minute and database, and tells the phases of cold starts alone', () => {
    const { minutes, others } = busy().take();
    const [warm, cold] = [latencyBucket(2), latencyBucket(60)];
    expect(others).toBe(0);
    expect(minutes).toEqual([
      {
        ...{ database: A, minute: 29_000_000, requests: 2, errors: 0, coldStarts: 1 },
        coldPhases: { open: 26_250, put: 30_000, net: 500 },
        latency: new Map([
          [cold, 1],
          [warm, 1],
        ]),
      },
      {
        ...{ database: B, minute: 29_000_000, requests: 1, errors: 0, coldStarts: 0, coldPhases: {} },
        latency: new Map([[warm, 1]]),
      },
      {
        ...{ database: A, minute: 29_000_001, requests: 1, errors: 1, coldStarts: 1, coldPhases: { head: 25_000 } },
        latency: new Map([[latencyBucket(30), 1]]),
      },
    ]);
  });

  it('begins anew when it is taken', () => {
    const meter = busy();
    meter.take();
    expect([meter.isEmpty, meter.take()]).toEqual([true, { minutes: [], others: 0 }]);
  });

  it('counts what it has no room for together', () => {
    const meter = new TrafficMeter();
    for (let n = 0; n < MAX_DATABASES_PER_MINUTE + 5; n++) meter.answered(idOf(n), answered(AT, 1));
    meter.answered(idOf(0), answered(AT, 1));
    meter.answered(idOf(9_999), answered(AT + MINUTE_MS, 1));
    const { minutes, others } = meter.take();
    expect([minutes.length, others]).toEqual([MAX_DATABASES_PER_MINUTE + 1, 5]);
    expect(meter.isEmpty).toBe(true);
  });

  it('holds the latest minutes where nobody takes them, and counts the others', () => {
    const meter = new TrafficMeter();
    for (let n = 0; n < 40; n++) meter.answered(A, answered(AT + n * MINUTE_MS, 1));
    const { minutes, others } = meter.take();
    expect([minutes.length, others, minutes.at(-1)?.minute]).toEqual([15, 25, 29_000_039]);
  });

  it('counts what a clock that was put back says of minutes for which there is no room', () => {
    const meter = new TrafficMeter();
    for (let n = 0; n < 15; n++) meter.answered(A, answered(AT + n * MINUTE_MS, 1));
    meter.answered(A, answered(AT - MINUTE_MS, 1));
    const { minutes, others } = meter.take();
    expect([minutes.length, others, minutes[0]?.minute]).toEqual([15, 1, 29_000_000]);
  });
});

describe('traffic', () => {
  it('is merged by adding up', () => {
    const { minutes } = busy().take();
    expect(mergeTraffic(minutes)).toEqual({
      ...{ requests: 4, errors: 1, coldStarts: 2 },
      coldPhases: { open: 26_250, put: 30_000, net: 500, head: 25_000 },
      latency: new Map([
        [latencyBucket(60), 1],
        [latencyBucket(2), 2],
        [latencyBucket(30), 1],
      ]),
    });
  });
});

describe('a traffic record', () => {
  const record = { session: SESSION, number: 3, from: AT, to: AT + MINUTE_MS, ...busy().take() };

  it('is what it was when it is read', () => {
    expect(decodeTrafficRecord(encodeTrafficRecord(record))).toEqual(record);
  });

  it('is lines of JSON in gzip', () => {
    const lines = gunzipSync(encodeTrafficRecord(record)).toString().split('\n');
    expect(lines.slice(0, 2)).toEqual([
      `{"format":1,"session":"${SESSION}","number":3,"from":${AT},"to":${AT + MINUTE_MS},"databases":3,"others":0}`,
      `{"database":"${A}","minute":29000000,"requests":2,"errors":0,"coldStarts":1,"coldPhases":{"net":500,"open":26250,"put":30000},"latency":[[32,1],[72,1]]}`,
    ]);
  });

  it.each<[string, (line: Record<string, unknown>, i: number) => unknown]>([
    ['a format that never was', (line, i) => (i === 0 ? { ...line, format: 0 } : line)],
    ['another number of databases', (line, i) => (i === 0 ? { ...line, databases: 2 } : line)],
    ['a database twice', (line, i) => (i === 0 ? line : { ...line, database: A, minute: 1 })],
    ['a count that is none', (line, i) => (i === 1 ? { ...line, requests: -1 } : line)],
    ['a bucket that is none', (line, i) => (i === 1 ? { ...line, latency: [[1_000, 1]] } : line)],
    ['no phases', (line, i) => (i === 1 ? { ...line, coldPhases: null } : line)],
  ])('with %s is damaged', (_what, change) => {
    const lines = gunzipSync(encodeTrafficRecord(record)).toString().trimEnd().split('\n');
    const changed = lines.map(
      (line, i) => `${JSON.stringify(change(JSON.parse(line) as Record<string, unknown>, i))}\n`,
    );
    expect(() => decodeTrafficRecord(gzipSync(utf8(changed.join(''))))).toThrow('a record cannot be read');
  });

  it('has room for phases that another version knows', () => {
    const lines = gunzipSync(encodeTrafficRecord(record)).toString().replace('"net":500', '"later":500');
    const [first] = decodeTrafficRecord(gzipSync(utf8(lines))).minutes;
    expect(first?.coldPhases).toEqual({ open: 26_250, put: 30_000 });
    expect(PHASES).not.toContain('later');
  });
});
