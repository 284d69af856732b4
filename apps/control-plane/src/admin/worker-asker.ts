import type { Clock, DatabaseId, SessionId } from '@leasehold/foundation';
import {
  databaseInspection,
  databaseOwner,
  digestBody,
  HOP_HEADERS,
  HOP_LIFETIME_MS,
  ownedDatabases,
  SESSION_PATH,
  sessionLoad,
  signHop,
  type DatabaseInspection,
  type DatabaseOwner,
  type OwnedDatabasesLook,
  type SessionLoad,
} from '@leasehold/protocol';
import { z } from 'zod';

/** A worker answers from memory, or with a GET of the bucket; for an inspection with some in sequence, where there are pins. */
const TIMEOUT_MS = 3_000;
/** A page of a thousand databases, or an inspection with 256 files of each level, twice over. */
const MAX_ANSWER_BYTES = 1024 * 1024;
const NO_BODY = new Uint8Array(0);
/** What refusals mean, by their code: here that there is no answer, whatever they are. */
const NOTHING: ReadonlyMap<string, never> = new Map<string, never>();
const UNREAD: ReadonlyMap<string, 'none' | 'damaged'> = new Map([
  ['not-found', 'none'],
  ['corrupt-object', 'damaged'],
]);

/** It answers, and not what this version of the control plane understands, or has no such route: one of the two is to be upgraded. */
export const ANOTHER_VERSION = 'another-version';
export type AnotherVersion = typeof ANOTHER_VERSION;

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

  /** Undefined, here and below: no answer, or not by this session. */
  load(asked: AskedSession): Promise<SessionLoad | AnotherVersion | undefined> {
    return this.ask(asked, '', sessionLoad, NOTHING);
  }

  owned(
    asked: AskedSession,
    after: DatabaseId | undefined,
    limit: number,
  ): Promise<OwnedDatabasesLook | AnotherVersion | undefined> {
    return this.ask(
      asked,
      `/databases?limit=${limit}${after === undefined ? '' : `&after=${after}`}`,
      ownedDatabases,
      NOTHING,
    );
  }

  /** `none`: the database was never written to. `damaged`: its head cannot be read. Both here and below. */
  ownerOf(
    asked: AskedSession,
    databaseId: DatabaseId,
  ): Promise<DatabaseOwner | 'none' | 'damaged' | AnotherVersion | undefined> {
    return this.ask(asked, `/owners/${databaseId}`, databaseOwner, UNREAD);
  }

  inspectionOf(
    asked: AskedSession,
    databaseId: DatabaseId,
  ): Promise<DatabaseInspection | 'none' | 'damaged' | AnotherVersion | undefined> {
    return this.ask(asked, `/inspections/${databaseId}`, databaseInspection, UNREAD);
  }

  /** @param refusals what codes of a refusal mean to who asks */
  private async ask<T extends z.ZodType, R extends string>(
    { endpoint, session }: AskedSession,
    rest: string,
    schema: T,
    refusals: ReadonlyMap<string, R>,
  ): Promise<z.output<T> | R | AnotherVersion | undefined> {
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
      const body: unknown = JSON.parse(await textOf(answer));
      if (answer.status === 200) {
        const { success, data } = schema.safeParse(body);
        return success ? data : ANOTHER_VERSION;
      }
      const code = codeOf(body);
      return code === 'route-not-found' ? ANOTHER_VERSION : refusals.get(code);
    } catch {
      // Whatever it was: operators are told that this worker does not answer, and by its record whether it lives.
      return undefined;
    }
  }
}

/** @throws Error: it is longer than anything that a worker says */
async function textOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.byteLength;
    // Leaving the loop cancels the rest.
    if (sizeBytes > MAX_ANSWER_BYTES) throw new Error('the answer is longer than any of a worker');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** Of a refusal, by the route or in its place. @throws Error: it has none, so that something else answers there */
function codeOf(body: unknown): string {
  return z.object({ code: z.string() }).parse(body).code;
}
