import type { SessionId } from '@leasehold/foundation';
import type { SessionListener } from '@leasehold/lease';
import { beforeEach, describe, expect, it } from '@jest/globals';

import { startRecoveryWatch } from './recovery-watch.js';

const [A, B] = ['01k9wq3m5v8x2c7b4n6d1f0g9h', '01k9wq3m5v8x2c7b4n6d1f0g9j'] as SessionId[] as [SessionId, SessionId];

describe('startRecoveryWatch', () => {
  let tell: SessionListener;
  let asked: string[];

  beforeEach(() => {
    asked = [];
  });

  function start(atStart: () => void = () => undefined): Promise<void> {
    return startRecoveryWatch(
      {
        onChange: (listener) => {
          tell = listener;
          return () => undefined;
        },
        start: () => {
          atStart();
          return Promise.resolve();
        },
      },
      { enqueueRecovery: (id, seen) => void asked.push(`${id === A ? 'a' : 'b'} ${seen}`) },
    );
  }

  it('asks when a session falls silent or is sealed, and not when it drains, lives or is gone', async () => {
    await start();
    for (const status of ['live', 'clean', 'absent'] as const) tell(A, status);
    tell(A, 'expired');
    tell(B, 'sealed');
    expect(asked).toEqual(['a ending', 'b ending']);
  });

  it('asks once for a session that falls silent and is sealed then, and again when it had resumed in between', async () => {
    await start();
    tell(A, 'expired');
    tell(A, 'sealed');
    expect(asked).toEqual(['a ending']);
    tell(B, 'expired');
    tell(B, 'live');
    tell(B, 'expired');
    expect(asked).toEqual(['a ending', 'b ending', 'b ending']);
  });

  it('tells those that it meets sealed from those that end before its eyes', async () => {
    await start(() => {
      tell(A, 'sealed');
      tell(B, 'live');
    });
    tell(B, 'expired');
    expect(asked).toEqual(['a ended', 'b ending']);
  });
});
