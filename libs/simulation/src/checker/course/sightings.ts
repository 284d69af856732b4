import type { Call } from '../../history/history.js';
import type { Replay } from '../model/replay.js';
import { acknowledgedAt, isTransaction } from './calls.js';
import type { Timeline } from './timeline.js';

/**
 * Tells the timeline what answers say of versions that they name. A call that was shown a version as the present one was also, at that
 * moment, not shown the one after it, which therefore came later than the call's beginning.
 */
export function tellSightings(calls: readonly Call[], timeline: Timeline, replay: Replay | undefined): void {
  for (const call of calls) tellSighting(call, timeline, replay);
}

function tellSighting(call: Call, timeline: Timeline, replay: Replay | undefined): void {
  const { request, answer } = call;
  switch (answer.kind) {
    case 'committed': {
      const { sequence } = answer.version;
      timeline.seen(sequence, call);
      // What was applied was not there before it was asked for; who asked for nothing was shown the present version.
      const isApplied = isTransaction(call) && acknowledgedAt(call) !== undefined;
      timeline.begun(isApplied ? sequence : sequence + 1, call);
      return;
    }
    case 'refused':
      if (answer.present !== undefined) timeline.seen(answer.present.sequence, call);
      return;
    case 'entry': {
      if (answer.entry === undefined || request.kind !== 'get') return;
      const { sequence } = answer.entry.version;
      timeline.seen(sequence, call);
      if (replay !== undefined) timeline.begun(replay.nextChangeOf(request.key, sequence), call);
      return;
    }
    case 'snapshot': {
      const { sequence } = answer.version;
      timeline.seen(sequence, call);
      if (request.kind === 'snapshot' && request.at === undefined) timeline.begun(sequence + 1, call);
      return;
    }
    case 'feed':
      timeline.seen(answer.through, call);
  }
}
