import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { afterEach, describe, expect, it } from '@jest/globals';
import { forkTypeScript } from '@leasehold/object-store-testing';

const SLOW_LOADING_SERVICE = fileURLToPath(new URL('../testing/slow-loading-service.ts', import.meta.url));

describe('runMain', () => {
  let child: ChildProcess | undefined;
  afterEach(() => void child?.kill('SIGKILL'));

  it('ends when the supervisor was gone before the modules were loaded', async () => {
    child = forkTypeScript(SLOW_LOADING_SERVICE);
    const exited = once(child, 'exit');
    await once(child, 'message');
    child.disconnect();
    expect(await exited).toEqual([0, null]);
  }, 20_000);
});
