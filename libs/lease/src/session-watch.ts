import { setMaxListeners } from 'node:events';

import { bucketLayout } from '@leasehold/bucket-layout';
import type { SessionId, Timer } from '@leasehold/foundation';
import { isLeaseholdError, LeaseholdError } from '@leasehold/foundation';

import type { ObservedSession, SessionStatus } from './observed-session.js';
import { firstSeen, isSilent, seenAgain, silentAtMs } from './observed-session.js';
import type { SessionContext } from './seal-record.js';
import type { SessionRecord } from './session-record.js';
import { decodeSessionRecord } from './session-record.js';

export interface SessionWatchSettings {
  /** From the start of one listing to that of the next; {@link WATCH_INTERVAL_MS} by default. */
  readonly intervalMs?: number;
}

export type SessionListener = (id: SessionId, status: SessionStatus) => void;

export const WATCH_INTERVAL_MS = 1_000;
/** Pages of one listing: 20,000 records. Those behind them are neither seen nor taken for absent. */
const LIST_PAGES_LIMIT = 20;
/** Above it Node warns of a leak of listeners. */
const STOPPED_LISTENERS_LIMIT = 1_000;
/** Intervals without any answer after which silence is counted anew. Within it, a renewal that was due still comes before ttl + ttl/10. */
const OUTAGE_INTERVALS = 2;
/** Records read at the same time. */
const CONCURRENT_READS = 16;

/**
 * Watches all session records: one LIST per interval, and one GET for each record whose ETag changed (a live session
 * changes it every ttl/3). The wait of S2 thus starts before anybody needs it.
 *
 * Everything is judged on this process's own monotonic clock; clocks of two machines are never compared (S2). When the
 * store does not answer, nothing changes, and the count of silence begins anew when it answers again: a session could not
 * renew either, and after an outage everybody would be taken for dead by everybody else.
 */
export class SessionWatch {
  private readonly sessions = new Map<SessionId, ObservedSession>();
  /** ETags of records that could not be decoded. A session whose record stays unreadable falls silent like one that stopped. */
  private readonly unreadable = new Map<SessionId, string>();
  private readonly listeners = new Set<SessionListener>();
  private readonly waiters = new Set<(error: Error) => void>();
  private readonly refreshing = new Map<SessionId, Promise<ObservedSession | undefined>>();
  /** Looks at sessions whose end somebody waits for, and how many do. */
  private readonly dueLooks = new Map<SessionId, { waiting: number; timer: Timer | undefined }>();
  private readonly stopped = new AbortController();
  private readonly intervalMs: number;
  private timer: Timer | undefined;
  /** Of the last answer of the store, and of the first one after its last outage; monotonic. */
  private answeredMs = Number.NEGATIVE_INFINITY;
  private answeringSinceMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly ctx: SessionContext,
    settings: SessionWatchSettings = {},
  ) {
    this.intervalMs = settings.intervalMs ?? WATCH_INTERVAL_MS;
    // Every read under way listens to it; the default of 10 is a guess at leaks.
    setMaxListeners(STOPPED_LISTENERS_LIMIT, this.stopped.signal);
  }

  /** Resolves when the first listing is done and its records are read. @throws StoreUnavailableError */
  async start(): Promise<void> {
    const beganMs = this.ctx.clock.monotonic();
    await this.look();
    this.scheduleLookAfter(beganMs);
  }

  stop(): void {
    this.timer?.cancel();
    const error = new LeaseholdError('closed', 'service-draining', 'session watch is stopped');
    this.stopped.abort(error);
    for (const reject of [...this.waiters]) reject(error);
  }

  /** Records of sessions that have neither ended nor fallen silent, in order of their ids (oldest first). */
  live(): readonly ObservedSession['record'][] {
    return [...this.sessions.values()]
      .filter((observed) => observed.status === 'live')
      .map((observed) => observed.record)
      .sort((a, b) => (a.sessionId < b.sessionId ? -1 : 1));
  }

  get(id: SessionId): ObservedSession | undefined {
    return this.sessions.get(id);
  }

  /**
   * From memory, at most an interval old. `absent` means: not in the last listing, which a session that has just
   * started is not either. Only {@link refresh} tells that a record is truly absent, and thus its session ended (S5).
   */
  status(id: SessionId): SessionStatus {
    return this.sessions.get(id)?.status ?? 'absent';
  }

  /** Reads the record now. Undefined: there is none, the session has ended. @throws StoreUnavailableError, CorruptBytesError */
  async refresh(id: SessionId): Promise<ObservedSession | undefined> {
    const before = this.sessions.get(id);
    const sentMs = this.ctx.clock.monotonic();
    const found = await this.ctx.store.get(bucketLayout.session(id), {
      signal: this.stopped.signal,
      // What could not be read is read again, so that whoever asks learns of it.
      ifNoneMatch: this.unreadable.has(id) ? undefined : before?.etag,
    });
    this.noteAnswer();
    if (found === undefined) this.forget(id);
    else if (found === 'not-modified') this.seeAgain(id, before?.etag, sentMs);
    else this.see(id, found.etag, found.body);
    return this.sessions.get(id);
  }

  /**
   * Resolves when the session is known to be other than live: looks at once, with every listing, and in the moment in which
   * its silence may be judged, which the next listing might be an interval away from.
   * @throws the signal's reason; StoreUnavailableError when nothing is known of the session and it cannot be read
   */
  async untilNotLive(id: SessionId, signal?: AbortSignal): Promise<void> {
    this.stopped.signal.throwIfAborted();
    signal?.throwIfAborted();
    const known = this.sessions.get(id);
    if (known !== undefined && known.status !== 'live') return;
    const looked = this.refreshOnce(id);
    // Of a known session a failed look is only a look less: the listings go on.
    await (known === undefined ? looked : looked.catch(() => undefined));
    this.stopped.signal.throwIfAborted();
    signal?.throwIfAborted();
    if (this.status(id) === 'live') await this.nextEnd(id, signal);
  }

  /** Called after each change of a session's status, and when a record is seen for the first time. Returns the way to stop it. */
  onChange(listener: SessionListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private nextEnd(id: SessionId, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error?: Error): void => {
        off();
        this.lookNoMore(id);
        this.waiters.delete(settle);
        signal?.removeEventListener('abort', onAbort);
        if (error === undefined) resolve();
        else reject(error);
      };
      const onAbort = (): void => settle(signal?.reason as Error);
      const off = this.onChange((changed, status) => {
        if (changed === id && status !== 'live') settle();
      });
      this.waiters.add(settle);
      this.lookWhenDue(id);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  private lookWhenDue(id: SessionId): void {
    const look = this.dueLooks.get(id) ?? { waiting: 0, timer: undefined };
    look.waiting += 1;
    this.dueLooks.set(id, look);
    if (look.timer === undefined) this.armLook(id);
  }

  private lookNoMore(id: SessionId): void {
    const look = this.dueLooks.get(id);
    if (look === undefined || --look.waiting > 0) return;
    look.timer?.cancel();
    this.dueLooks.delete(id);
  }

  /** One look for each silence. When it was in vain because the store did not answer, the listings tell what is next. */
  private armLook(id: SessionId): void {
    const look = this.dueLooks.get(id);
    const dueMs = this.dueMs(id);
    if (look === undefined) return;
    look.timer = undefined;
    if (dueMs === undefined || dueMs <= 0) return;
    look.timer = this.ctx.clock.schedule(Math.ceil(dueMs), () => {
      // Renewed since, or woken early: there is nothing to judge yet.
      if ((this.dueMs(id) ?? 0) > 0) return this.armLook(id);
      void this.refreshOnce(id)
        .catch(() => undefined)
        .then(() => this.armLook(id));
    });
  }

  private dueMs(id: SessionId): number | undefined {
    const observed = this.sessions.get(id);
    if (observed?.status !== 'live') return undefined;
    return silentAtMs(observed, this.answeringSinceMs) - this.ctx.clock.monotonic();
  }

  /** Callers that wait for the same session share one read: its end is final, so an older read can only be too cautious. */
  private refreshOnce(id: SessionId): Promise<ObservedSession | undefined> {
    const running = this.refreshing.get(id);
    if (running) return running;
    const refresh = this.refresh(id).finally(() => this.refreshing.delete(id));
    this.refreshing.set(id, refresh);
    return refresh;
  }

  /**
   * An interval from start to start: what a slow store takes for an answer is no part of the pause. Else the time between two of its answers
   * looks like an outage, again and again, and who is silent is never taken for dead.
   */
  private scheduleLookAfter(lastBeganMs: number): void {
    if (this.stopped.signal.aborted) return;
    const inMs = Math.max(0, lastBeganMs + this.intervalMs - this.ctx.clock.monotonic());
    this.timer = this.ctx.clock.schedule(inMs, () => {
      const beganMs = this.ctx.clock.monotonic();
      // A look that failed leaves everything as it was; the next one is due anyway.
      void this.look()
        .catch(() => undefined)
        .then(() => this.scheduleLookAfter(beganMs));
    });
  }

  private async look(): Promise<void> {
    const sentMs = this.ctx.clock.monotonic();
    const knownBefore = new Set([...this.sessions.keys(), ...this.unreadable.keys()]);
    const changed: SessionId[] = [];
    let startAfter: string | undefined;
    for (let page = 0; page < LIST_PAGES_LIMIT; page++) {
      const { objects, truncated } = await this.ctx.store.list(bucketLayout.sessions, {
        startAfter,
        signal: this.stopped.signal,
      });
      this.noteAnswer();
      for (const { key, etag } of objects) {
        const id = bucketLayout.parseSession(key);
        if (id === undefined) continue;
        knownBefore.delete(id);
        if (this.sessions.get(id)?.etag === etag) this.seeAgain(id, etag, sentMs);
        else if (this.unreadable.get(id) !== etag) changed.push(id);
      }
      startAfter = objects.at(-1)?.key;
      if (truncated) continue;
      // What was known before the listing was sent and is not in it has been deleted.
      for (const id of knownBefore) this.forget(id);
      break;
    }
    await this.readAll(changed);
  }

  private async readAll(ids: readonly SessionId[]): Promise<void> {
    const rest = ids.values();
    const failures: unknown[] = [];
    const read = async (): Promise<void> => {
      for (const id of rest) {
        await this.refresh(id).catch((error: unknown) => {
          // One unreadable record is the matter of whoever asks for that session, not of all others.
          if (!isLeaseholdError(error, 'corrupt')) failures.push(error);
        });
      }
    };
    await Promise.all(Array.from({ length: Math.min(CONCURRENT_READS, ids.length) }, read));
    if (failures.length > 0) throw failures[0];
  }

  private noteAnswer(): void {
    const nowMs = this.ctx.clock.monotonic();
    if (nowMs - this.answeredMs > OUTAGE_INTERVALS * this.intervalMs) this.answeringSinceMs = nowMs;
    this.answeredMs = nowMs;
  }

  private see(id: SessionId, etag: string, body: Uint8Array): void {
    const before = this.sessions.get(id);
    if (before?.etag === etag && !this.unreadable.has(id)) return;
    // An answer that was overtaken by a later one: sealed and clean are final.
    if (before !== undefined && before.record.state !== 'live') return;
    let record: SessionRecord;
    try {
      record = decodeSessionRecord(body, id);
    } catch (error) {
      this.unreadable.set(id, etag);
      // The silence of S2 begins here: nothing readable says that the session lives.
      if (before) this.sessions.set(id, firstSeen(before.record, etag, this.ctx.clock.monotonic()));
      throw error;
    }
    this.unreadable.delete(id);
    this.replace(id, firstSeen(record, etag, this.ctx.clock.monotonic()));
  }

  private seeAgain(id: SessionId, etag: string | undefined, sentMs: number): void {
    const before = this.sessions.get(id);
    if (before?.etag !== etag || before === undefined || !isSilent(before, sentMs, this.answeringSinceMs)) return;
    if (before.status === 'live') this.replace(id, seenAgain(before));
  }

  private replace(id: SessionId, observed: ObservedSession): void {
    const before = this.sessions.get(id)?.status;
    this.sessions.set(id, observed);
    if (before !== observed.status) this.tell(id);
  }

  private forget(id: SessionId): void {
    this.unreadable.delete(id);
    if (this.sessions.delete(id)) this.tell(id);
  }

  private tell(id: SessionId): void {
    const status = this.status(id);
    for (const listener of [...this.listeners]) listener(id, status);
  }
}
