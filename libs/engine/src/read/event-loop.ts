// eslint-disable-next-line no-restricted-imports -- no time passes that anybody measures: a clock that stands still must not stop work in memory.
import { setImmediate } from 'node:timers/promises';

/** Lets whoever waits for the event loop go first. Unlike a clock's sleep it takes as long as the others need, and no longer. */
export function eventLoopTurn(): Promise<void> {
  return setImmediate();
}
