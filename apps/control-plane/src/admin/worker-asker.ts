import type { Clock, DatabaseId, SessionId } from '@leasehold/foundation';
import {
  databaseOwner,
  digestBody,
  HOP_HEADERS,
  HOP_LIFETIME_MS,
  ownedDatabases,
  SESSION_PATH,
  sessionLoad,
  signHop,
  type DatabaseOwner,
  type OwnedDatabasesLook,
  type SessionLoad,
} from '@leasehold/protocol';
import { z } from 'zod';

/** A worker answers from memory, or with one GET of the bucket. */
const TIMEOUT_MS = 3_000;
const NO_BODY = new Uint8Array(0);

/** Where a session listens, as its record says. */
export interface AskedSession {
  readonly session: SessionId;
  readonly endpoint: string;
}

/** Asks workers about themselves, signed by a secret that opens nothing else at them. */
export class WorkerAsker {
  constructor(
    private readonly secret: string,
    private readonly clock: Clock,
  ) {}

  /** Undefined, here and below: no answer, not by this session, or not one that is understood. */
  load(asked: AskedSession): Promise<SessionLoad | undefined> {
    return this.ask(asked, '', sessionLoad);
  }

  owned(asked: AskedSession, after: DatabaseId | undefined, limit: number): Promise<OwnedDatabasesLook | undefined> {
    return this.ask(asked, `/databases?limit=${limit}${after === undefined ? '' : `&after=${after}`}`, ownedDatabases);
  }

  /** `none`: the database was never written to. */
  ownerOf(asked: AskedSession, databaseId: DatabaseId): Promise<DatabaseOwner | 'none' | undefined> {
    return this.ask(asked, `/owners/${databaseId}`, databaseOwner, 'none');
  }

  private async ask<T extends z.ZodType, M = undefined>(
    { endpoint, session }: AskedSession,
    rest: string,
    schema: T,
    missing?: M,
  ): Promise<z.output<T> | M | undefined> {
    const path = SESSION_PATH + rest;
    const headers = { [HOP_HEADERS.session]: session };
    const expiresAt = this.clock.now() + HOP_LIFETIME_MS;
    const hop = signHop(this.secret, { method: 'GET', path, headers, bodyDigest: digestBody(NO_BODY), expiresAt });
    try {
      const answer = await fetch(new URL(path, endpoint), {
        headers: { ...headers, [HOP_HEADERS.hop]: hop },
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const body: unknown = await answer.json();
      if (answer.status === 404 && missing !== undefined && isNotFound(body)) return missing;
      return answer.status === 200 ? schema.parse(body) : undefined;
    } catch {
      // Whatever it was: operators are told that this worker does not answer, and by its record whether it lives.
      return undefined;
    }
  }
}

/** Said by the route, not by a worker that does not have it. */
function isNotFound(body: unknown): boolean {
  return z.object({ code: z.literal('not-found') }).safeParse(body).success;
}
