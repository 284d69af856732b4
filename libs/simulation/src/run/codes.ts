import type { Call, History, Violation } from '../history/history.js';
import type { StoreFault } from '../world/store-fault.js';
import type { ProcessFault } from '../world/world-counts.js';

/** Codes with which anybody may be turned away: nobody serves just now, or too much is waiting. */
const TURNED_AWAY = new Set([
  'no-gateway',
  'overloaded',
  'owner-unavailable',
  'service-draining',
  'session-busy',
  'session-expired',
  'store-unavailable',
]);

export interface CodesSettings {
  /** The one whose history is short. */
  readonly shortDatabase: number;
  readonly faults: ReadonlyMap<StoreFault | ProcessFault, number>;
}

/**
 * Nothing was applied, the answer says; whether it was may be judged elsewhere. Here: whether anybody had a reason to say so. History is gone only where it is short,
 * bytes are damaged only where some came damaged, and what clients send here is never wrong.
 */
export function judgeCodes(history: History, settings: CodesSettings): readonly Violation[] {
  return history.databases.flatMap(({ number, calls }) =>
    calls.flatMap((call): Violation[] => {
      const { answer, id, request } = call;
      if (answer.kind !== 'disclaimed' || isReasonable(answer.code, number, call, settings)) return [];
      return [{ rule: 'codes', database: number, what: `${id} (${request.kind}) was answered ${answer.code}` }];
    }),
  );
}

function isReasonable(
  code: string,
  database: number,
  { request }: Call,
  { shortDatabase, faults }: CodesSettings,
): boolean {
  if (TURNED_AWAY.has(code)) return true;
  if (code === 'corrupt-object') return faults.has('bit-flip') || faults.has('truncated');
  // A transaction asks for history where it checks a range since a version.
  const asksForHistory =
    request.kind === 'feed' ||
    request.kind === 'snapshot' ||
    (request.kind === 'transact' && request.checks.some(({ kind }) => kind === 'range'));
  return code === 'history-gone' && database === shortDatabase && asksForHistory;
}
