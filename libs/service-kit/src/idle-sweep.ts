import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** How often connections are looked at: each ends by so much later than it would by a timer of its own. */
const SWEEP_MS = 2_000;

/** Whatever is seen next is another number: the watch begins with the next look. */
const NOTHING_SEEN = -1;

/** What Node itself looks at before it ends a connection on which it writes. Not documented; without, a write under way is silence. */
interface WithHandle {
  readonly _handle?: { readonly writeQueueSize?: number } | null;
}

/** As `setTimeout` tells it to who looks. */
type Timed = Omit<Socket, 'timeout'> & { timeout?: number | undefined };

/**
 * Ends connections that have been silent for too long, as `setTimeout` of a socket asks for, with one timer for all of them. Node sets that time
 * anew for each request and each answer, and starts the watch anew for each read and write; by a timer of its own that costs more than looking at
 * the request does.
 *
 * To be called before the server listens.
 */
export function sweepIdle(server: Server, sweepMs = SWEEP_MS): void {
  const watches = new Set<SilenceWatch>();
  let sweeper: NodeJS.Timeout | undefined;
  const sweep = (): void => {
    for (const watch of watches) watch.look(sweepMs);
  };
  // Ahead of Node's own, which sets the first time.
  server.prependListener('connection', (socket: Socket) => {
    const watch = new SilenceWatch(socket);
    watches.add(watch);
    sweeper ??= setInterval(sweep, sweepMs).unref();
    socket.once('close', () => {
      watches.delete(watch);
      if (watches.size > 0) return;
      clearInterval(sweeper);
      sweeper = undefined;
    });
  });
}

/** For how long nothing has happened on a connection. */
class SilenceWatch {
  /** 0: for as long as it likes. */
  private limitMs = 0;
  private silentMs = 0;
  private seenBytes = NOTHING_SEEN;

  constructor(private readonly socket: Socket) {
    socket.setTimeout = (timeoutMs: number, onTimeout?: () => void) => {
      this.limitMs = timeoutMs;
      this.seenBytes = NOTHING_SEEN;
      (socket as Timed).timeout = timeoutMs;
      if (onTimeout !== undefined && timeoutMs > 0) socket.once('timeout', onTimeout);
      else if (onTimeout !== undefined) socket.off('timeout', onTimeout);
      return socket;
    };
  }

  /** @param sinceMs how long ago it was looked at before */
  look(sinceMs: number): void {
    const { socket, limitMs } = this;
    if (limitMs === 0) return;
    const queued = (socket as WithHandle)._handle?.writeQueueSize ?? 0;
    // Each of them tells of something that happened, by growing or, what waits to be written, by changing.
    const bytes = socket.bytesRead + socket.bytesWritten - queued;
    if (bytes !== this.seenBytes) {
      this.seenBytes = bytes;
      this.silentMs = 0;
    } else if ((this.silentMs += sinceMs) >= limitMs) {
      this.silentMs = 0;
      socket.emit('timeout');
    }
  }
}
