import type { Course } from '../course/course.js';
import { faultsOfAcknowledgedOrder } from '../serial/acknowledged-order.js';
import { faultsOfCommits } from '../serial/commits.js';
import { faultsOfFeed } from '../serial/feeds.js';
import { faultsOfReading } from '../serial/readings.js';

/**
 * Transactions took effect one after another, in the order of their versions, which is that of real time too; every answer is that of one
 * state inside of its call. Where not every commit is known, only order is judged.
 */
export function strictSerializability({ database, timeline, known }: Course): readonly string[] {
  if (known === undefined) return [...faultsOfAcknowledgedOrder(database), ...timeline.faults()];
  return [
    ...known.authors.faults,
    ...faultsOfCommits(database, known),
    ...database.calls.flatMap((call) => [...faultsOfReading(call, known), ...faultsOfFeed(call, known)]),
    ...known.unexplained,
    ...timeline.faults(),
  ];
}
