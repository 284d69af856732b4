import { describe, expect, it } from '@jest/globals';
import type { CancelOutcome, RunningJob } from '@leasehold/jobs';

import { RunningJobs } from './running-jobs.js';

const DATABASE = '6f1c1c2e-3f63-4d8e-9a63-0f1f2a3b4c5d';
const JOB: RunningJob = {
  ...{ id: 'j1', kind: 'compact', payload: { databaseId: DATABASE }, state: 'running', cancellable: true },
  ...{ startedAt: 1, toldAt: 1, progress: undefined, restMs: undefined },
};

describe('a job that is cancelled', () => {
  function world(outcome: CancelOutcome) {
    const noted: object[] = [];
    const board = {
      // So many run that it is not among the first of its kind.
      running: async () => [],
      runningJob: async (kind: string, id: string) => (kind === JOB.kind && id === JOB.id ? JOB : undefined),
      cancel: async () => outcome,
    };
    const metadata = {
      tenants: { databasesNamed: async () => [{ id: DATABASE, organizationId: 'acme', name: 'orders' }] },
      auditLog: { note: async (entry: object) => void noted.push(entry) },
    };
    return { jobs: new RunningJobs(board, metadata as unknown as ConstructorParameters<typeof RunningJobs>[1]), noted };
  }

  it('is noted in the audit log of whose database it is, however many others run', async () => {
    const { jobs, noted } = world('asked');
    expect(await jobs.cancel('compact', 'j1')).toBe('asked');
    expect(noted).toEqual([
      {
        ...{ organizationId: 'acme', subjectKind: 'database', subjectId: DATABASE, subjectName: 'orders' },
        ...{ action: 'database.compaction-cancelled', after: { job: 'j1' } },
      },
    ]);
  });

  it.each(['gone', 'too-late'] as const)('is not noted where it is %s', async (outcome) => {
    const { jobs, noted } = world(outcome);
    expect(await jobs.cancel('compact', 'j1')).toBe(outcome);
    expect(noted).toEqual([]);
  });
});
