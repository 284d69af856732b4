import { seededRandom } from '@leasehold/foundation';

import { inflict } from '../trouble/inflict.js';
import type { Failpoint, ProcessRole } from '../world/failpoint.js';
import { MOMENTS } from '../world/failpoint.js';
import type { ProcessFault } from '../world/world-counts.js';
import type { Cell } from './cell.js';
import { isInFixedPart } from './cell.js';
import { COMPACTOR_STEPS, EXPORTER_STEPS, WORKER_STEPS } from './usual-steps.js';

/** A process fault strikes so often, each time at a later pass. */
const PROCESS_STRIKES = 2;

/** What can befall a process, at the edge of every request that changes the bucket. */
const PROCESS_CELL_FAULTS = {
  worker: ['kill', 'long-pause', 'pause', 'cut-from-bucket', 'clock-jump-forward', 'clock-jump-back', 'drain'],
  exporter: ['kill', 'long-pause', 'cut-from-bucket', 'clock-jump-forward'],
  compactor: ['kill-compactor', 'pause-compactor', 'cut-from-bucket', 'clock-jump-forward'],
} as const satisfies Partial<Record<ProcessRole, readonly ProcessFault[]>>;

/** Every named failpoint × every fault of a process. */
export function processCells(): readonly Cell[] {
  const cells: Cell[] = [];
  let row = 0;
  for (const [role, steps] of [
    ['worker', WORKER_STEPS],
    ['compactor', COMPACTOR_STEPS],
    ['exporter', EXPORTER_STEPS],
  ] as const) {
    for (const step of steps.filter((candidate) => /^(put|delete)/.test(candidate))) {
      for (const moment of MOMENTS) {
        row++;
        for (const [column, fault] of PROCESS_CELL_FAULTS[role].entries()) {
          // It drains already.
          if (step === 'put record clean' && fault === 'drain') continue;
          const isFixed = isInFixedPart(row, column);
          cells.push({ ...processCell(`${role} ${moment} ${step}`, fault, cells.length), isFixed });
        }
      }
    }
  }
  return cells;
}

function processCell(failpoint: Failpoint, fault: ProcessFault, seed: number): Omit<Cell, 'isFixed'> {
  return {
    title: `${failpoint}: ${fault}`,
    seed,
    isUpkeep: !failpoint.startsWith('worker'),
    fault,
    prepare: (world, fleet) => {
      const random = seededRandom(seed);
      for (let i = 0; i < PROCESS_STRIKES; i++) {
        world.failpoints.arm(
          (present) => present === failpoint,
          (_, name) => {
            const victim = fleet.world.processes.find((process) => process.name === name);
            inflict({ world, fleet, random }, fault, victim);
          },
          i === 0 ? 0 : 1 + Math.floor(3 * random.fraction()),
        );
      }
    },
  };
}
