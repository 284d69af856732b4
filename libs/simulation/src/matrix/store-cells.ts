import { seededRandom } from '@leasehold/foundation';
import type { StoreVerb } from '@leasehold/object-store';

import type { ProcessRole, Step } from '../world/failpoint.js';
import type { StoreFault } from '../world/store-fault.js';
import { isApplicable, STORE_FAULTS } from '../world/store-fault.js';
import type { Cell } from './cell.js';
import { isInFixedPart } from './cell.js';
import { COMPACTOR_STEPS, EXPORTER_STEPS, WORKER_STEPS } from './usual-steps.js';

interface Place {
  readonly row: number;
  readonly column: number;
}

/** A store fault strikes this many of the requests it could, at most. */
const STORE_STRIKES = 4;

/** Every verb on every kind of object × every fault that it can have. */
export function storeCells(): readonly Cell[] {
  const places = [
    ...WORKER_STEPS.map((step) => ({ role: 'worker' as const, step })),
    ...COMPACTOR_STEPS.map((step) => ({ role: 'compactor' as const, step })),
    ...EXPORTER_STEPS.map((step) => ({ role: 'exporter' as const, step })),
  ];
  return places.flatMap(({ role, step }, row) =>
    STORE_FAULTS.filter((fault) => isApplicable(fault, verbOf(step))).map((fault, column) =>
      storeCell(role, step, fault, { row, column }),
    ),
  );
}

function storeCell(role: ProcessRole, step: Step, fault: StoreFault, { row, column }: Place): Cell {
  const seed = 100 * row + column;
  return {
    title: `${role}: ${step}: ${fault}`,
    seed,
    isUpkeep: role !== 'worker',
    fault,
    // Exporters have so few places that the diagonals would miss some faults.
    isFixed: role === 'exporter' || isInFixedPart(row, column),
    prepare: (world) => {
      const random = seededRandom(seed);
      let left = STORE_STRIKES;
      world.storeStrike = (process, present) => {
        if (process.role !== role || present !== step || left === 0) return undefined;
        // The first one always: there may not be another.
        if (left < STORE_STRIKES && random.fraction() < 0.5) return undefined;
        left--;
        return fault;
      };
    },
  };
}

function verbOf(step: Step): StoreVerb {
  return step.split(' ', 1)[0] as StoreVerb;
}
