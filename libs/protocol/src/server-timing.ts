import type { Phase, PhaseList, PhaseTimes } from '@leasehold/foundation';
import { phaseList, PHASES } from '@leasehold/foundation';

/** A worker tells a gateway here, in the syntax of `Server-Timing`, what of the hop's time it has spent on what. Never reaches a client. */
export const HOP_PHASES_HEADER = 'leasehold-phases';

/** A worker names each phase once. */
const MAX_MEMBERS = PHASES.length + 1;
const PLACES: ReadonlyMap<string, number> = new Map(PHASES.map((phase, place) => [phase, place]));
const DURATION = ';dur=';
/** Longer than any request; what claims more is no time. */
const MAX_MS = 86_400_000;

/**
 * Phases as W3C `Server-Timing` (https://www.w3.org/TR/server-timing/), in their order and with all of the time at the end:
 * `auth;dur=0.08, net;dur=0.41, read;dur=25.13, total;dur=25.63`.
 *
 * ms with two decimals, rounded so that the sum of the phases is right to the last digit. Phases that round to nothing are left out.
 *
 * @param totalMs on a watch of its own, so that whoever reads it can see whether the phases account for it
 */
export function formatServerTiming(times: PhaseTimes, totalMs: number): string {
  return formatPhaseList(phaseList(times), totalMs);
}

/** The same of a list. */
export function formatPhaseList(times: PhaseList, totalMs: number): string {
  let text = '';
  let spentMs = 0;
  let told = 0;
  for (let place = 0; place < PHASES.length; place++) {
    const ms = times[place] as number;
    if (ms === 0) continue;
    spentMs += ms;
    // What is rounded off here is told with the next one.
    const until = Math.round(spentMs * 100);
    if (until <= told) continue;
    text += `${PHASES[place]};dur=${(until - told) / 100}, `;
    told = until;
  }
  return `${text}total;dur=${Math.round(totalMs * 100) / 100}`;
}

/** What {@link formatServerTiming} has told, without the total. Members that are not ours, or tell of no time, are passed over. */
export function parseServerTiming(header: string | readonly string[] | undefined): Partial<PhaseTimes> {
  const times: Partial<Record<Phase, number>> = {};
  if (typeof header !== 'string') return times;
  const list = phaseList();
  parsePhaseList(header, list);
  for (const [place, phase] of PHASES.entries()) if (list[place] !== 0) times[phase] = list[place] as number;
  return times;
}

/** The same, into a list of zeros. @returns the sum of what was told */
export function parsePhaseList(header: string, into: number[]): number {
  let sumMs = 0;
  let at = 0;
  for (let member = 0; member < MAX_MEMBERS && at < header.length; member++) {
    const comma = header.indexOf(', ', at);
    const end = comma < 0 ? header.length : comma;
    const middle = header.indexOf(DURATION, at);
    const place = middle < 0 || middle > end ? undefined : PLACES.get(header.slice(at, middle));
    if (place !== undefined) {
      const ms = Number(header.slice(middle + DURATION.length, end));
      if (ms > 0 && ms < MAX_MS) {
        sumMs += ms - (into[place] as number);
        into[place] = ms;
      }
    }
    at = end + ', '.length;
  }
  return sumMs;
}
