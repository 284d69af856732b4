import type { SessionId } from '@leasehold/foundation';
import { ProblemError } from '@leasehold/protocol';

import type { OperatorsBucket } from './operators-bucket.js';
import { ANOTHER_VERSION, type AnotherVersion, type AskedSession } from './worker-asker.js';
import { listWorkers, readWorker, type WorkerView } from './worker-list.js';

/** Sessions read in search of a live one, in pages: more have ended within a day only where workers die one after another. */
const SEARCH_PAGES = 10;
const SEARCH_PAGE_SESSIONS = 100;
/** Live workers that are asked the same: the first answer counts. */
const ASKED_WORKERS = 3;

/** A few live sessions, the oldest, to ask what any of them can tell. @throws StoreUnavailableError */
export async function someLive({ store, clock }: OperatorsBucket): Promise<readonly AskedSession[]> {
  const live: AskedSession[] = [];
  let after: SessionId | undefined;
  for (let page = 0; page < SEARCH_PAGES && live.length < ASKED_WORKERS; page++) {
    const { workers, next } = await listWorkers(store, clock.now(), after, SEARCH_PAGE_SESSIONS);
    live.push(...workers.filter(({ state }) => state === 'live').flatMap((worker) => askable(worker) ?? []));
    after = next;
    if (next === undefined) break;
  }
  return live.slice(0, ASKED_WORKERS);
}

/** Whom a head names. Null: nobody, or a session without a record, which has ended with nothing to recover. @throws StoreUnavailableError */
export async function ownerNamed(
  { store, clock }: OperatorsBucket,
  session: string | null,
): Promise<WorkerView | null> {
  return session === null ? null : ((await readWorker(store, session as SessionId, clock.now())) ?? null);
}

/** Undefined: its record says that it has ended, or cannot be read. */
export function askable({ session, state, endpoint }: WorkerView): AskedSession | undefined {
  return (state === 'live' || state === 'silent') && endpoint !== undefined ? { session, endpoint } : undefined;
}

/**
 * All at once, as one that hangs shall make nobody wait while another answers: the first answer that is understood. `another-version` once there is none, and
 * some do answer; undefined once there is none at all. `ask` never rejects.
 */
export function firstAnswer<T>(
  asked: readonly AskedSession[],
  ask: (asked: AskedSession) => Promise<T | AnotherVersion | undefined>,
): Promise<T | AnotherVersion | undefined> {
  return new Promise((resolve) => {
    const told = asked.map(async (each) => {
      const value = await ask(each);
      if (value !== undefined && value !== ANOTHER_VERSION) resolve(value);
      return value;
    });
    void Promise.all(told).then((all) => resolve(all.find((value) => value !== undefined)));
  });
}

/** What nobody has told whom somebody else was asked of. */
export function untold(asked: readonly AskedSession[], answer: AnotherVersion | undefined): ProblemError {
  if (answer === ANOTHER_VERSION) return ofAnotherVersion();
  return new ProblemError('unavailable', asked.length === 0 ? 'no worker is live' : 'no worker answers');
}

export function ofAnotherVersion(): ProblemError {
  return new ProblemError(
    'unavailable',
    'workers are of another version than this control plane: upgrade what is older',
  );
}
