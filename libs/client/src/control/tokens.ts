import type { CallOptions } from '../options.js';
import type { JsonService } from './json-service.js';
import { prefix64Of, type KeyPrefix } from './key-prefix.js';
import type { Scope } from './scope.js';

export interface NewToken {
  /** The name of the database that it is for. */
  readonly database: string;
  readonly scopes: readonly Extract<Scope, 'data:read' | 'data:write'>[];
  /** Whole seconds, 1 to 900. */
  readonly ttlSeconds: number;
  /**
   * Only keys that begin so: parts of a tuple, or bytes, or text. The last part of a tuple, when it is a text or bytes, also begins every part that goes on with a NUL:
   * `['ten']` lets in `['ten\0x', 1]`. Where others choose such parts, end the prefix with a part of another kind, or refuse NUL.
   */
  readonly prefix?: KeyPrefix | undefined;
}

export interface MintedToken {
  readonly token: string;
  readonly expiresAt: string;
}

export class TokenAdministration {
  constructor(private readonly service: JsonService) {}

  /** A short-lived token for a browser or edge code: for one database, and, if you like, for the keys of one prefix. */
  create({ prefix, ...token }: NewToken, options?: CallOptions): Promise<MintedToken> {
    return this.service.repeat('/tokens', { ...token, prefix64: prefix64Of(prefix) }, options);
  }
}
