import { codeOf } from './error-code.js';
import type { RunningService } from './run-service.js';

/**
 * The body of every `main.ts`. When `start` resolves with a running service (`url`, `close()`), it drains on SIGTERM and
 * SIGINT; started with an IPC channel, it also tells its supervisor `{ type: 'ready', url }`, and drains when the channel
 * closes, because an orphan must not outlive its supervisor. A failed start is one line on stderr and exit code 1.
 */
export function runMain(start: () => Promise<unknown>): void {
  const supervised = process.send !== undefined;
  // Gone while our modules were loading: `disconnect` was emitted when nobody listened, and does not come again.
  if (supervised && !process.connected) process.exit(0);
  let running: RunningService | undefined;
  let stopped = false;
  const stop = () => {
    // One Ctrl-C reaches us twice, from the terminal and from the supervisor: the second changes nothing.
    if (stopped) return;
    stopped = true;
    if (!running) process.exit(0);
    running.close().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  if (supervised) process.once('disconnect', stop);
  process.on('SIGTERM', stop).on('SIGINT', stop);
  start().then((result) => {
    if (!isRunning(result)) {
      process.off('SIGTERM', stop).off('SIGINT', stop).off('disconnect', stop);
      return;
    }
    running = result;
    // The supervisor may go away between the check and the send; `disconnect` then stops us.
    if (supervised && process.connected) process.send?.({ type: 'ready', url: result.url }, () => undefined);
  }, fail);
}

function isRunning(result: unknown): result is RunningService {
  return (
    typeof result === 'object' &&
    result !== null &&
    'url' in result &&
    typeof result.url === 'string' &&
    'close' in result &&
    typeof result.close === 'function'
  );
}

function fail(error: unknown): never {
  process.stderr.write(`leasehold: ${describeFailure(error)}\n`);
  process.exit(1);
}

/** One line for what an operator can mend; the stack for what only we can. */
export function describeFailure(error: unknown): string {
  if (codeOf(error) !== undefined) return (error as Error).message.replaceAll('\n', ' ');
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
