import { InvalidError } from './errors.js';

/** An API key (`lh_…`), or a short-lived token; a function is asked for one when there is none, or when the last one is refused. */
export type Token = string | (() => string | Promise<string>);

/** What a client shows of itself. */
export class Credentials {
  private current: Promise<string> | undefined;

  /** @throws InvalidError neither or both are given */
  constructor(private readonly source: Token) {}

  static of({ key, token }: { readonly key?: string | undefined; readonly token?: Token | undefined }): Credentials {
    const source = key ?? token;
    if (source === undefined || source === '' || (key !== undefined && token !== undefined)) {
      throw new InvalidError({ code: 'invalid-argument', message: 'give key or token, one of them' });
    }
    return new Credentials(source);
  }

  /** One that is being fetched is waited for by all. */
  bearer(): Promise<string> {
    const { source } = this;
    if (typeof source === 'string') return Promise.resolve(source);
    if (this.current === undefined) {
      const asked = Promise.resolve().then(source);
      this.current = asked;
      asked.catch(() => this.forget(asked));
    }
    return this.current;
  }

  /** @returns whether there may be another one. @param used what was refused; a newer one is left as it is */
  async renew(used: string): Promise<boolean> {
    if (typeof this.source === 'string') return false;
    const { current } = this;
    if (current !== undefined && (await current.catch(() => undefined)) === used) this.forget(current);
    return true;
  }

  private forget(asked: Promise<string>): void {
    if (this.current === asked) this.current = undefined;
  }
}
