import { createRequire } from 'node:module';

import type { Kv, KvEntryMaybe } from '@deno/kv';
import { openKv } from '@deno/kv';

/** Reads of one call. Its client asks for the same page for ever where the limit is 1 and the prefix itself is a key. */
const MAX_READS_PER_CALL = 60;
const READ = 'snapshot_read';

export class EndlessCallError extends Error {
  override readonly name = 'EndlessCallError';
}

/**
 * One of two databases that are compared. Versionstamps are of each side's own: they are told apart by the commit that gave them, so that what one
 * side says can be held against the other.
 */
export class KvSide {
  private readonly commits = new Map<string, number>();
  private readonly stamps = new Map<number, string>();
  private readsLeft = MAX_READS_PER_CALL;

  private constructor(readonly name: string) {}

  kv!: Kv;

  /** The native SQLite of Deno KV, in memory. */
  static async native(): Promise<KvSide> {
    const side = new KvSide('native');
    const napi = nativeFunctions();
    const snapshotRead = (...args: unknown[]): unknown => {
      side.countRead();
      return napi['snapshotRead']?.(...args);
    };
    side.kv = await openKv(':memory:', { napi: { ...napi, snapshotRead }, inMemory: true } as Parameters<
      typeof openKv
    >[1]);
    return side;
  }

  /** A database of Leasehold, by the unmodified client. */
  static async remote(url: string, accessToken: string): Promise<KvSide> {
    const side = new KvSide('leasehold');
    const fetcher: typeof fetch = async (target, init) => {
      if (String(target).endsWith(READ)) side.countRead();
      return ownRealm(await fetch(target, init));
    };
    side.kv = await openKv(url, { accessToken, fetcher });
    return side;
  }

  /** To be called before each call. */
  begin(): void {
    this.readsLeft = MAX_READS_PER_CALL;
  }

  /** Its versionstamp is known by this number from now on. */
  committed(commit: number, versionstamp: string): void {
    this.commits.set(versionstamp, commit);
    this.stamps.set(commit, versionstamp);
  }

  /** What this side calls the commit; one that it does not know never was. */
  stampOf(commit: number): string {
    return this.stamps.get(commit) ?? '0'.repeat(20);
  }

  commitOf(versionstamp: string | null): number | null | undefined {
    return versionstamp === null ? null : this.commits.get(versionstamp);
  }

  show({ key, value, versionstamp }: Pick<KvEntryMaybe<unknown>, 'key' | 'value' | 'versionstamp'>) {
    // The native client answers bytes as a Buffer, which is one kind of them.
    const shown = value instanceof Uint8Array ? Uint8Array.from(value) : value;
    return { key, value: shown, commit: this.commitOf(versionstamp) };
  }

  private countRead(): void {
    if (this.readsLeft-- <= 0) throw new EndlessCallError('one call asks for the same again and again');
  }
}

/** The client takes metadata only as an object of its own realm, and what Node parses is of another than that of a test. */
export function ownRealm(answer: Response): Response {
  return Object.assign(answer, { json: async () => JSON.parse(await answer.text()) as unknown });
}

/** As the client loads them. */
function nativeFunctions(): Readonly<Record<string, (...args: unknown[]) => unknown>> {
  const require = createRequire(createRequire(import.meta.url).resolve('@deno/kv'));
  for (const index of ['./_napi_index.cjs', '../esm/_napi_index.cjs']) {
    try {
      return require(index) as Record<string, (...args: unknown[]) => unknown>;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new Error('@deno/kv has no native functions here');
}
