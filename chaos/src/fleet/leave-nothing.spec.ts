import { describe, expect, it } from '@jest/globals';

import { leaveNothing, undoEverything } from './leave-nothing.js';

describe('what must not stay', () => {
  it('is undone, each thing for itself, unless that is no longer needed', () => {
    const undone: string[] = [];
    leaveNothing(() => {
      throw new Error('cannot be undone');
    });
    leaveNothing(() => undone.push('a process'));
    const forget = leaveNothing(() => undone.push('ended already'));
    forget();
    undoEverything();
    expect(undone).toEqual(['a process']);
  });
});
