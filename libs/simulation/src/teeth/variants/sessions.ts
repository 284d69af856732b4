import type { Variant } from '../variant.js';

const CLOCK = 'libs/foundation/src/clock.ts';
const SESSION = 'libs/lease/src/session.ts';
const RECORD = 'libs/lease/src/seal-record.ts';
const OBSERVED = 'libs/lease/src/observed-session.ts';
const WATCH = 'libs/lease/src/session-watch.ts';
const CLOSE = 'libs/commit-log/src/close-log.ts';
const INVENTORY = 'libs/commit-log/src/log-inventory.ts';
const PURGE = 'libs/commit-log/src/purge-session.ts';
const CLAIM = 'libs/ownership/src/claim.ts';
const DECISION = 'libs/ownership/src/claim-decision.ts';
const NEEDS = 'libs/upkeep/src/sweep/session-needs.ts';
const RECOVERED = 'libs/upkeep/src/sessions/is-recovered.ts';

/** S1: the deadline. */
const DEADLINES: readonly Variant[] = [
  {
    name: 'serves-past-its-deadline',
    invariant: 'S1',
    breaks: 'a session never asks whether its deadline has passed',
    setting: 'blind-gateway',
    patches: [
      {
        file: SESSION,
        find: 'return elapsedMsSince(this.ctx.clock, this.confirmed.sentAt) < this.ttlMs;',
        replace: 'return true;',
      },
    ],
  },
  {
    name: 'counts-its-deadline-from-the-confirmation',
    invariant: 'S1',
    breaks: 'the deadline counts from when a renewal was confirmed, not from when it was first sent',
    setting: 'confirmed-late',
    patches: [
      {
        file: SESSION,
        find: 'this.confirmed = { record, etag, sentAt };',
        replace: 'this.confirmed = { record, etag, sentAt: instant(ctx.clock) };',
      },
    ],
  },
  {
    name: 'counts-its-deadline-on-the-monotonic-clock-alone',
    invariant: 'S1',
    breaks: 'time in which the monotonic clock stood still counts as no time',
    setting: 'sleeps',
    patches: [
      {
        file: CLOCK,
        find: 'return Math.max(until.wallMs - since.wallMs, until.monotonicMs - since.monotonicMs);',
        replace: 'return until.monotonicMs - since.monotonicMs;',
      },
    ],
  },
  {
    name: 'claims-before-its-record-is-confirmed',
    invariant: 'S1',
    breaks: 'a session works before its record is confirmed',
    setting: 'restless',
    patches: [
      {
        file: SESSION,
        find: 'const created = await settleCreate(ctx, bucketLayout.session(sessionId), encodeSessionRecord(record));',
        replace: `const session = new Session(ctx, { record, etag: 'none', sentAt });
    session.timer?.cancel();
    session.editing = settleCreate(ctx, bucketLayout.session(sessionId), encodeSessionRecord(record)).then(
      ({ etag }) => {
        session.confirmed = { record, etag, sentAt };
        session.editing = undefined;
        session.scheduleRenewal();
      },
      (error) => session.fail(error),
    );
    return session;`,
      },
      { file: SESSION, find: "if (created.outcome === 'exists') throw", replace: 'throw' },
      { file: SESSION, find: 'return new Session(ctx, { record, etag: created.etag, sentAt });', replace: '' },
    ],
  },
];

/** S2: who may be sealed. */
const SILENCES: readonly Variant[] = [
  {
    name: 'seals-after-a-tenth-of-the-ttl',
    invariant: 'S2',
    breaks: 'a session counts as silent after a tenth of its ttl',
    patches: [{ file: OBSERVED, find: '+ ttlMs + ttlMs * MARGIN_OF_TTL', replace: '+ ttlMs * MARGIN_OF_TTL' }],
  },
  {
    name: 'seals-a-session-that-has-renewed-since',
    invariant: 'S2',
    breaks: 'a record is sealed although it has changed since it was found silent',
    setting: 'cut-for-a-lease',
    patches: [
      {
        file: RECORD,
        find: 'if (observedEtag !== undefined && etag !== observedEtag) throw new SessionResumedError(sessionId);',
        replace: '',
      },
    ],
  },
  {
    name: 'compares-its-clock-with-that-of-the-store',
    invariant: 'S2',
    breaks: 'silence is what lies between the time of the store at the last renewal and the own wall time',
    patches: [
      {
        file: WATCH,
        find: 'for (const { key, etag } of objects) {',
        replace: 'for (const { key, etag, lastModifiedAt } of objects) {',
      },
      {
        file: WATCH,
        find: 'if (this.sessions.get(id)?.etag === etag) this.seeAgain(id, etag, sentMs);',
        replace: `if (this.sessions.get(id)?.etag === etag)
          this.seeAgain(id, etag, this.sessions.get(id).unchangedSinceMs + this.ctx.clock.now() - lastModifiedAt);`,
      },
    ],
  },
];

/** S3: sealing. */
const SEALS: readonly Variant[] = [
  {
    name: 'does-not-close-the-log',
    invariant: 'S3',
    breaks: 'the log of a sealed session is read without seals in it',
    patches: [{ file: CLOSE, find: 'await sealWindow(ctx, sessionId, taken.inventory, options.signal);', replace: '' }],
  },
  {
    name: 'reads-the-tail-before-it-seals',
    invariant: 'S3',
    breaks: 'what lands between the listing of a log and its seals is not recovered',
    setting: 'awake-when-sealed',
    patches: [
      {
        file: CLOSE,
        find: 'const record = await sealRecord(ctx, sessionId, options);',
        replace: `const early = await ctx.store.get(bucketLayout.session(sessionId));
  const listed = early && (await takeInventory(ctx, decodeSessionRecord(early.body, sessionId)));
  const before = listed?.inventory.dataSegments ?? [];
  const record = await sealRecord(ctx, sessionId, options);`,
      },
      {
        file: CLOSE,
        find: 'await sealWindow(ctx, sessionId, taken.inventory, options.signal);',
        replace: `await sealWindow(ctx, sessionId, taken.inventory, options.signal);
  const data = taken.inventory.dataSegments.filter((number) => before.includes(number));
  Object.defineProperty(taken.inventory, 'dataSegments', { value: data });`,
      },
    ],
  },
  {
    name: 'seals-one-number-only',
    invariant: 'S3',
    breaks: 'a log counts as closed with the first seal, though the session may have issued numbers behind it',
    patches: [{ file: INVENTORY, find: 'Array.from({ length: WINDOW_SEGMENTS }', replace: 'Array.from({ length: 1 }' }],
  },
  {
    name: 'goes-on-from-a-renewal-found-in-a-sealed-record',
    invariant: 'S3',
    breaks:
      'a renewal that reads itself back from a sealed record counts as confirmed, and the next one unseals the record',
    setting: 'cut-after-renewals',
    patches: [
      {
        file: SESSION,
        find: "if (swap.outcome === 'done') return swap.etag;",
        replace: `if (swap.outcome === 'done') return swap.etag;
        if (swap.outcome === 'superseded') return swap.current.etag;`,
      },
    ],
  },
  {
    name: 'makes-its-sealed-record-live-again',
    invariant: 'S3',
    breaks: 'a session that finds its record sealed renews it all the same',
    patches: [
      {
        file: SESSION,
        find: "if (swap.outcome === 'done') return swap.etag;",
        replace: `if (swap.outcome === 'done') return swap.etag;
        if (swap.current !== undefined) {
          const { trail } = decodeSessionRecord(swap.current.body, this.id);
          const record = { ...decodeSessionRecord(body, this.id), trail: nextTrail(trail, drawNonce(ctx.random)) };
          const base = { ...this.confirmed, etag: swap.current.etag, record: { ...this.confirmed.record, trail } };
          return await this.settle(encodeSessionRecord(record), record.trail.nonces[0], base);
        }`,
      },
    ],
  },
];

/** S5: which session has ended with nothing to recover. */
const ENDS: readonly Variant[] = [
  {
    name: 'claims-from-a-sealed-session-without-its-log',
    invariant: 'S5',
    breaks: 'a session that was sealed counts as one with nothing to recover',
    patches: [
      { file: DECISION, find: "    case 'sealed':\n", replace: '' },
      { file: DECISION, find: "    case 'clean':\n", replace: "    case 'clean':\n    case 'sealed':\n" },
    ],
  },
  {
    name: 'takes-a-session-that-it-has-not-seen-for-ended',
    invariant: 'S5',
    breaks: 'a session that was not in the last listing counts as absent, without a look at its record',
    patches: [{ file: CLAIM, find: 'await ctx.watch.refresh(owner);\n  return ctx', replace: 'return ctx' }],
  },
  {
    name: 'purges-before-its-time',
    invariant: 'S5',
    breaks: 'record and log of an ended session are deleted as soon as its databases are recovered',
    patches: [
      {
        file: NEEDS,
        find: "if (ageMs >= keepMs) return 'purge';",
        replace: "if (status === 'sealed') return 'purge';",
      },
      {
        file: PURGE,
        find: "if ((await storeNow(ctx, signal)) - quietSinceAt < minAgeMs) return 'too-young';",
        replace: '',
      },
    ],
  },
  {
    name: 'purges-what-is-not-recovered',
    invariant: 'S5',
    breaks: 'record and log of a closed session are deleted whether its databases are recovered or not',
    setting: 'early-purges',
    patches: [
      {
        file: PURGE,
        find: "if (!(await isRecovered(await closed.databases(ctx)))) return 'unrecovered';",
        replace: '',
      },
    ],
  },
  {
    name: 'takes-every-database-of-its-epoch-for-recovered',
    invariant: 'S5',
    breaks: 'a database counts as recovered although its head has not reached its last durable frame',
    setting: 'early-purges',
    patches: [{ file: RECOVERED, find: 'head.lastCommit.sequence >= inLog.lastSequence', replace: 'true' }],
  },
  {
    name: 'deletes-the-seals-with-the-log',
    invariant: 'S5',
    breaks: 'the seals of a purged log are deleted with it, so that a late put of its session finds its number free',
    patches: [
      { file: PURGE, find: '!== undefined && sizeBytes !== SEAL_BYTES;', replace: '!== undefined && sizeBytes >= 0;' },
    ],
  },
];

export const BROKEN_SESSIONS: readonly Variant[] = [...DEADLINES, ...SILENCES, ...SEALS, ...ENDS];
