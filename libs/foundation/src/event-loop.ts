import { setImmediate } from 'node:timers/promises';

/**
 * Lets whoever waits for the event loop go first. Unlike a clock's sleep it takes as long as the others need and no longer, so a clock
 * that stands still does not stop work in memory.
 */
export function eventLoopTurn(): Promise<void> {
  return setImmediate();
}
