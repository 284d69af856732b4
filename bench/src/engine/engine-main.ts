import { seededRandom, systemClock } from '@leasehold/foundation';

import { cpuMs } from '../child/memory.js';
import { serve } from '../child/serve.js';
import { closedLoop } from '../load/closed-loop.js';
import type { LatencySummary } from '../load/latencies.js';
import type { YcsbWorkload } from '../load/ycsb.js';
import { YCSB_RECORD_BYTES, YcsbOperations } from '../load/ycsb.js';
import type { SlateDbSettings } from '../peer/slatedb.js';
import type { KeyValueSystem, SystemName, SystemSettings } from './key-value-system.js';
import { LeaseholdSystem } from './leasehold-system.js';
import { recordKey, recordValue } from './records.js';
import { SlateDbSystem } from './slatedb-system.js';

/** A storage engine in a process of its own, told what to do: what runs inside here is the same for all of them. */
export interface Phase {
  readonly keys: number;
  readonly valueBytes: number;
  readonly callers: number;
  readonly durationMs: number;
  readonly seed: number;
}

export interface PhaseResult {
  readonly perSecond: number;
  readonly operations: number;
  readonly latency: LatencySummary;
  readonly cpuMs: number;
}

const LOAD_STRIDE = 7_919;

let system: KeyValueSystem | undefined;
/** Values of later phases differ from earlier ones. */
let turn = 0;

function running(): KeyValueSystem {
  if (system === undefined) throw new Error('not open');
  return system;
}

async function measured(phase: Phase, operation: (number: number) => Promise<unknown>): Promise<PhaseResult> {
  const before = cpuMs();
  const { perSecond, operations, latencies } = await closedLoop(systemClock, phase, operation);
  return { perSecond, operations, latency: latencies.summary(), cpuMs: cpuMs() - before };
}

async function mustFind(key: Uint8Array): Promise<void> {
  if ((await running().get(key)) === undefined) throw new Error('a record that was loaded is not there');
}

serve({
  open: async (settings: SystemSettings & { system: SystemName; slatedb?: SlateDbSettings }) => {
    system =
      settings.system === 'leasehold'
        ? await LeaseholdSystem.open(settings)
        : await SlateDbSystem.open(settings, settings.slatedb);
  },
  /** Loads records in an order that is neither ascending nor random enough to matter. @returns ms */
  load: async ({ keys, valueBytes }: { keys: number; valueBytes: number }) => {
    const startedAt = systemClock.monotonic();
    await running().load(keys, (n) => {
      const number = (n * LOAD_STRIDE) % keys;
      return [recordKey(number), recordValue(number, valueBytes)];
    });
    return systemClock.monotonic() - startedAt;
  },
  settle: () => running().settle(),
  /** Reads everything once, so that what fits into memory is there. */
  warm: ({ keys }: { keys: number }) => running().scan(recordKey(0), keys),
  gets: (phase: Phase) => {
    const random = seededRandom(phase.seed);
    return measured(phase, () => mustFind(recordKey(Math.floor(random.fraction() * phase.keys))));
  },
  puts: (phase: Phase) => {
    const random = seededRandom(phase.seed);
    turn++;
    return measured(phase, () => {
      const number = Math.floor(random.fraction() * phase.keys);
      return running().put(recordKey(number), recordValue(number, phase.valueBytes, turn));
    });
  },
  batches: (phase: Phase & { batchEntries: number }) => {
    const random = seededRandom(phase.seed);
    turn++;
    return measured(phase, () => {
      const first = Math.floor(random.fraction() * (phase.keys - phase.batchEntries));
      return running().putAll(
        Array.from({ length: phase.batchEntries }, (_, n) => [
          recordKey(first + n),
          recordValue(first + n, phase.valueBytes, turn),
        ]),
      );
    });
  },
  /** One scan after another from random places; counts entries. */
  scans: async (phase: Phase & { entries: number }) => {
    const random = seededRandom(phase.seed);
    let found = 0;
    const result = await measured(phase, async () => {
      const from = Math.floor(random.fraction() * Math.max(1, phase.keys - phase.entries));
      found += await running().scan(recordKey(from), phase.entries);
    });
    return { ...result, perSecond: (result.perSecond * found) / Math.max(1, result.operations) };
  },
  ycsb: (phase: Phase & { workload: YcsbWorkload }) => {
    const operations = new YcsbOperations(phase.workload, phase.keys, seededRandom(phase.seed));
    turn++;
    const value = (record: number): Uint8Array => recordValue(record, YCSB_RECORD_BYTES, turn);
    return measured(phase, async () => {
      const operation = operations.next();
      const key = recordKey(operation.record);
      switch (operation.kind) {
        case 'read':
          return running().get(key);
        case 'update':
        case 'insert':
          return running().put(key, value(operation.record));
        case 'read-modify-write':
          await running().get(key);
          return running().put(key, value(operation.record));
        case 'scan':
          return running().scan(key, operation.entries);
      }
    });
  },
  cpu: () => cpuMs(),
  close: async () => {
    await running().close();
  },
});
