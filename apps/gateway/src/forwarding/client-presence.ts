import type { ServerResponse } from 'node:http';

/**
 * Whether somebody still waits for an answer. Not an AbortSignal, where that is not asked for: making one, and aborting it at the end of each
 * request, costs a tenth of what a request costs in all.
 */
export interface ClientPresence {
  /** Has the answer, or is gone without. */
  readonly isGone: boolean;
  /** Calls back when that becomes so; not at all when it is so already. */
  onGone(listener: () => void): void;
  /** Waits for it no longer: its connection ends. */
  cutOff(): void;
}

export class ResponsePresence implements ClientPresence {
  isGone = false;
  private listeners: (() => void)[] | undefined;

  constructor(private readonly response: ServerResponse) {
    response.once('close', () => this.leave());
  }

  onGone(listener: () => void): void {
    if (!this.isGone) (this.listeners ??= []).push(listener);
  }

  cutOff(): void {
    this.response.destroy();
  }

  private leave(): void {
    this.isGone = true;
    for (const listener of this.listeners ?? []) listener();
  }
}

export function presenceOf(signal: AbortSignal, cutOff: () => void = () => undefined): ClientPresence {
  return {
    get isGone() {
      return signal.aborted;
    },
    onGone: (listener) => signal.addEventListener('abort', listener, { once: true }),
    cutOff,
  };
}
