import { describe, expect, it } from '@jest/globals';

import { withCancelMark } from './cancel-mark.js';
import { LOST_AFTER_MS, runningJobOf } from './running-job.js';

const PAYLOAD = { databaseId: 'a' };
const STARTED = 1_000_000;
const NOW = STARTED + 20_000;
const told = { startedAt: STARTED, toldAt: STARTED + 10_000, committing: false, progress: { bytes: 25, ofBytes: 100 } };
const job = { id: '7', data: PAYLOAD, progress: told, processedOn: STARTED };

describe('a running job', () => {
  it('is told with how far it is, and how long the rest takes at its pace', () => {
    expect(runningJobOf('compact', job, NOW)).toEqual({
      ...{ id: '7', kind: 'compact', payload: PAYLOAD, state: 'running', cancellable: true },
      ...{ startedAt: STARTED, toldAt: STARTED + 10_000, progress: { bytes: 25, ofBytes: 100 }, restMs: 30_000 },
    });
  });

  it.each([
    ['has told nothing yet', undefined],
    ['tells nothing of how far it is', { ...told, progress: undefined }],
    ['has read nothing yet', { ...told, progress: { bytes: 0, ofBytes: 100 } }],
    ['is told of by another version', { percent: 25 }],
  ])('has no rest to tell when it %s', (_, progress) => {
    expect(runningJobOf('compact', { ...job, progress }, NOW)).toMatchObject({ state: 'running', restMs: undefined });
  });

  it('does not take over what an earlier run of it has told', () => {
    const again = runningJobOf('compact', { ...job, processedOn: STARTED + 15_000 }, NOW);
    expect(again).toMatchObject({ startedAt: STARTED + 15_000, toldAt: STARTED + 15_000, progress: undefined });
  });

  it('is being cancelled once it is marked, and the mark is no part of its payload', () => {
    const marked = runningJobOf('compact', { ...job, data: withCancelMark(PAYLOAD) }, NOW);
    expect(marked).toMatchObject({ state: 'cancelling', cancellable: false, payload: PAYLOAD });
  });

  it('cannot be cancelled while it commits, nor when its kind cannot be', () => {
    const committing = { ...job, progress: { ...told, committing: true } };
    expect(runningJobOf('compact', committing, NOW)).toMatchObject({ state: 'committing', cancellable: false });
    expect(runningJobOf('recover', job, NOW)).toMatchObject({ state: 'running', cancellable: false });
  });

  it('is lost when its process was not heard of for the time of its lock', () => {
    const lastHeard = told.toldAt + LOST_AFTER_MS;
    expect(runningJobOf('compact', job, lastHeard).state).toBe('running');
    expect(runningJobOf('compact', job, lastHeard + 1)).toMatchObject({ state: 'lost', restMs: undefined });
    const silent = { ...job, progress: undefined };
    expect(runningJobOf('compact', silent, STARTED + LOST_AFTER_MS + 1).state).toBe('lost');
  });
});
