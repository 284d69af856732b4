/** The part of the Fetch API that the client uses. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Time, chance and network: what the client takes from where it runs. Tests give it others. */
export interface Platform {
  readonly fetch: Fetch;
  /** Ms that only grow. */
  now(): number;
  /** Rejects with the reason of the signal as soon as that aborts. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
  /** From 0 to below 1. */
  random(): number;
  /** 32 hexadecimal digits that nobody draws twice. */
  randomId(): string;
}

const ID_BYTES = 16;

/** Only what browsers, Node, Deno, Bun and edge runtimes have in common. */
export function systemPlatform(fetch: Fetch = (url, init) => globalThis.fetch(url, init)): Platform {
  return {
    fetch,
    now: () => performance.now(),
    sleep,
    random: () => Math.random(),
    // randomUUID is missing in pages that came without TLS.
    randomId: () =>
      Array.from(crypto.getRandomValues(new Uint8Array(ID_BYTES)), (byte) => byte.toString(16).padStart(2, '0')).join(
        '',
      ),
  };
}

function sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, delayMs);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
