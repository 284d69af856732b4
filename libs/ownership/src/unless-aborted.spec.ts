import { getEventListeners } from 'node:events';

import { describe, expect, it } from '@jest/globals';

import { unlessAborted } from './unless-aborted.js';

const tooLate = (reason: unknown) => new Error('too late', { cause: reason });

describe('unless aborted', () => {
  it('settles as the promise does and leaves no listener behind', async () => {
    const { signal } = new AbortController();
    await expect(unlessAborted(Promise.resolve(1), [signal], tooLate)).resolves.toBe(1);
    await expect(unlessAborted(Promise.reject(new Error('own')), [signal], tooLate)).rejects.toThrow('own');
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('rejects when any signal aborts, with what is made of its reason', async () => {
    const controllers = [new AbortController(), new AbortController()];
    const never = new Promise<never>(() => undefined);
    const waiting = unlessAborted(
      never,
      controllers.map(({ signal }) => signal),
      tooLate,
    );
    controllers[1]!.abort('reason');
    await expect(waiting).rejects.toMatchObject({ message: 'too late', cause: 'reason' });
    for (const { signal } of controllers) expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('notices a signal that has aborted before', async () => {
    const never = new Promise<never>(() => undefined);
    await expect(unlessAborted(never, [AbortSignal.abort()], tooLate)).rejects.toThrow('too late');
  });

  it('lets the promise fail later without anybody noticing', async () => {
    let fail = (_: Error): void => undefined;
    const failing = new Promise<never>((_, reject) => (fail = reject));
    await expect(unlessAborted(failing, [AbortSignal.abort()], tooLate)).rejects.toThrow('too late');
    fail(new Error('unheard'));
    await new Promise((resolve) => setImmediate(resolve));
  });
});
