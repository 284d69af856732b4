import { describe, expect, it } from '@jest/globals';

import { changeOf, draftOf } from './settings-draft.js';

const settings = {
  labels: { plan: 'pro' },
  deleteProtection: false,
  expiresAt: '2030-01-31T12:00:00.000Z',
  retentionSeconds: null,
  sizeLimitBytes: 5_000_000,
  undeleteSeconds: 604_800,
};

describe('the settings of a database', () => {
  it('are as they were where nothing was typed', () => {
    expect(changeOf(settings, draftOf(settings))).toEqual({});
  });

  it('are changed by what was typed alone', () => {
    const draft = { ...draftOf(settings), retentionHours: 2, sizeLimitMegabytes: '', labels: ['plan:free'] };
    expect(changeOf(settings, draft)).toEqual({
      labels: { plan: 'free' },
      retentionSeconds: 7_200,
      sizeLimitBytes: null,
    });
    expect(changeOf(settings, { ...draftOf(settings), expiresAt: '', deleteProtection: true })).toEqual({
      expiresAt: null,
      deleteProtection: true,
    });
  });
});
