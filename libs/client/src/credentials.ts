import { InvalidError } from './errors.js';

/** An API key (`lh_…`), or a short-lived token; a function is asked for one when there is none, or when the last one is refused. */
export type Token = string | (() => string | Promise<string>);

/** What a client shows of itself. */
export class Credentials {
  private asked: Promise<string> | undefined;
  private present: string | undefined;

  constructor(private readonly source: Token) {}

  /** @throws InvalidError neither or both are given */
  static of({ key, token }: { readonly key?: string | undefined; readonly token?: Token | undefined }): Credentials {
    const source = key ?? token;
    if (source === undefined || source === '' || (key !== undefined && token !== undefined)) {
      throw new InvalidError({ code: 'invalid-argument', message: 'give key or token, one of them' });
    }
    return new Credentials(source);
  }

  /**
   * One that is being fetched is waited for by all, each as long as its signal lets it. One that was waited for in vain is forgotten: whoever comes next asks anew.
   * Rejects with what the source throws, or with the reason of the signal.
   */
  async bearer(signal: AbortSignal): Promise<string> {
    const { source } = this;
    if (typeof source === 'string') return source;
    this.asked ??= Promise.resolve().then(source);
    const { asked } = this;
    try {
      const token = await unlessAborted(asked, signal);
      if (this.asked === asked) this.present = token;
      return token;
    } catch (error) {
      this.forget(asked);
      throw error;
    }
  }

  /** @returns whether there may be another one. @param used what was refused; a newer one is left as it is */
  renew(used: string): boolean {
    if (typeof this.source === 'string') return false;
    if (this.present === used) this.forget(this.asked);
    return true;
  }

  private forget(asked: Promise<string> | undefined): void {
    if (this.asked !== asked) return;
    this.asked = undefined;
    this.present = undefined;
  }
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
