import { bucketLayout } from '@leasehold/bucket-layout';
import { CorruptBytesError, type SessionId } from '@leasehold/foundation';
import { decodeTrafficRecord, decodeUsageRecord, type TrafficRecord, type UsageRecord } from '@leasehold/metering';
import type { ObjectStore } from '@leasehold/object-store';

/** What every record says of itself. */
export interface NumberedRecord {
  readonly session: SessionId;
  /** Of the session's records, from 1 on, without gaps. */
  readonly number: number;
}

/** Records of one kind, in sessions: how they are named, and how they are read. */
export interface RecordSeries<R extends NumberedRecord> {
  /** In front of the names of all of them. */
  readonly prefix: string;
  readonly sessionOf: (name: string) => SessionId | undefined;
  /** In front of the records of one session. */
  readonly before: (session: SessionId) => string;
  /** Behind all of them. */
  readonly behind: (session: SessionId) => string;
  readonly name: (session: SessionId, number: number) => string;
  /** @throws CorruptBytesError, LaterFormatError */
  readonly decode: (bytes: Uint8Array) => R;
}

export const USAGE_RECORDS: RecordSeries<UsageRecord> = {
  prefix: bucketLayout.usage,
  sessionOf: (name) => bucketLayout.parseUsageRecord(name)?.session,
  before: bucketLayout.usageOf,
  behind: bucketLayout.behindUsageOf,
  name: bucketLayout.usageRecord,
  decode: decodeUsageRecord,
};

export const TRAFFIC_RECORDS: RecordSeries<TrafficRecord> = {
  prefix: bucketLayout.traffic,
  sessionOf: (name) => bucketLayout.parseTrafficRecord(name)?.session,
  before: bucketLayout.trafficOf,
  behind: bucketLayout.behindTrafficOf,
  name: bucketLayout.trafficRecord,
  decode: decodeTrafficRecord,
};

/** From one to the next, past all records of each: a LIST for every session. Ends with the listing, or by the bound of whoever iterates. */
export async function* sessionsBehind<R extends NumberedRecord>(
  store: ObjectStore,
  series: RecordSeries<R>,
  name: string,
  signal: AbortSignal,
): AsyncIterable<SessionId> {
  let startAfter = name;
  for (;;) {
    const { objects } = await store.list(series.prefix, {
      signal,
      limit: 1,
      ...(startAfter === '' ? {} : { startAfter }),
    });
    const [first] = objects;
    if (first === undefined) return;
    const session = series.sessionOf(first.key);
    if (session !== undefined) yield session;
    startAfter = session === undefined ? first.key : series.behind(session);
  }
}

/** Undefined: it is not there. @throws CorruptBytesError it cannot be read, or says that it is another one; LaterFormatError a later version wrote it */
export async function readRecord<R extends NumberedRecord>(
  store: ObjectStore,
  series: RecordSeries<R>,
  session: SessionId,
  number: number,
  signal: AbortSignal,
): Promise<R | undefined> {
  const object = await store.get(series.name(session, number), { signal });
  if (object === undefined || object === 'not-modified') return undefined;
  const record = series.decode(object.body);
  if (record.session === session && record.number === number) return record;
  throw new CorruptBytesError('a record stands under the name of another one');
}
