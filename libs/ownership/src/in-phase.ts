import type { Phase, Phases } from '@leasehold/foundation';

/**
 * Does a part of a request whose time is told apart; afterwards its time is its own again. Where nobody wants to know, nothing is added
 * to the work, not even a turn of the event loop.
 */
export function inPhase<T>(phases: Phases | undefined, phase: Phase, work: () => Promise<T>): Promise<T> {
  return phases === undefined ? work() : timed(phases, phase, work);
}

async function timed<T>(phases: Phases, phase: Phase, work: () => Promise<T>): Promise<T> {
  phases.enter(phase);
  try {
    return await work();
  } finally {
    phases.enter('other');
  }
}
