import type { DatabaseId, SessionId, Ulid } from '@leasehold/foundation';
import { assert, isDatabaseId, isSessionId } from '@leasehold/foundation';

/**
 * The one place that knows object names (docs/formats/bucket.md).
 *
 *     cluster                              format version, cluster id
 *     workers/<session>                    session record           CAS
 *     log/<session>/<segment>              data or seal             create only
 *     log/<session>/rollup/<from>-<to>     folded segments          create only
 *     db/<databaseId>/head                 create, then CAS
 *     db/<databaseId>/sst/<ulid>           immutable
 *     db/<databaseId>/blob/<ulid>-<sha256> immutable
 *     db/<databaseId>/pins/<id>            what a branch, replica or export still reads
 *     usage/<session>/<n>                  metering records         create only
 *     traffic/<session>/<n>                times of requests        create only
 *     revoked/<n>                          revoked keys and suspended tenants, create only
 *     local/hop-secret                     what processes without an installation know each other by; create only
 */
export const bucketLayout = {
  cluster: 'cluster',

  sessions: 'workers/',
  session: (id: SessionId): string => `workers/${id}`,
  parseSession: (name: string): SessionId | undefined => {
    const id = name.slice('workers/'.length);
    return name.startsWith('workers/') && isSessionId(id) ? id : undefined;
  },

  log: (id: SessionId): string => `log/${id}/`,
  segment: (id: SessionId, segment: number): string => `log/${id}/${padded(segment)}`,
  parseSegment: (id: SessionId, name: string): number | undefined => {
    const digits = name.slice(`log/${id}/`.length);
    return name.startsWith(`log/${id}/`) && /^\d{20}$/.test(digits) ? Number(digits) : undefined;
  },
  rollup: (id: SessionId, from: number, to: number): string => `log/${id}/rollup/${padded(from)}-${padded(to)}`,
  /** The segments that a rollup stands for, both ends included. */
  parseRollup: (id: SessionId, name: string): { readonly from: number; readonly to: number } | undefined => {
    const prefix = `log/${id}/rollup/`;
    const match = name.startsWith(prefix) ? /^(\d{20})-(\d{20})$/.exec(name.slice(prefix.length)) : null;
    return match === null ? undefined : { from: Number(match[1]), to: Number(match[2]) };
  },
  logs: 'log/',
  /** Whose log an object belongs to, whatever it is. */
  parseLog: (name: string): SessionId | undefined => {
    const id = name.startsWith('log/') ? name.slice('log/'.length).split('/', 1)[0] : undefined;
    return id !== undefined && isSessionId(id) ? id : undefined;
  },

  databases: 'db/',
  database: (id: DatabaseId): string => `db/${id}/`,
  head: (id: DatabaseId): string => `db/${id}/head`,
  parseHead: (name: string): DatabaseId | undefined => {
    const match = /^db\/([^/]+)\/head$/.exec(name);
    return match?.[1] !== undefined && isDatabaseId(match[1]) ? match[1] : undefined;
  },
  ssts: (id: DatabaseId): string => `db/${id}/sst/`,
  sst: (id: DatabaseId, file: Ulid): string => `db/${id}/sst/${file}`,
  parseSst: (id: DatabaseId, name: string): Ulid | undefined => {
    const file = name.slice(`db/${id}/sst/`.length);
    return name.startsWith(`db/${id}/sst/`) && /^[0-9a-z]{26}$/.test(file) ? file : undefined;
  },
  pins: (id: DatabaseId): string => `db/${id}/pins/`,

  usage: 'usage/',
  usageOf: (id: SessionId): string => `usage/${id}/`,
  /** Behind every record of the session, before those of the next one: to be listed from. */
  behindUsageOf: (id: SessionId): string => `usage/${id}0`,
  usageRecord: (id: SessionId, number: number): string => `usage/${id}/${padded(number)}`,
  parseUsageRecord: (name: string): RecordName | undefined => parseRecord('usage/', name),

  traffic: 'traffic/',
  trafficOf: (id: SessionId): string => `traffic/${id}/`,
  /** As {@link behindUsageOf}. */
  behindTrafficOf: (id: SessionId): string => `traffic/${id}0`,
  trafficRecord: (id: SessionId, number: number): string => `traffic/${id}/${padded(number)}`,
  parseTrafficRecord: (name: string): RecordName | undefined => parseRecord('traffic/', name),

  revocations: 'revoked/',
  revocation: (number: number): string => `revoked/${padded(number)}`,
  parseRevocation: (name: string): number | undefined => {
    const match = /^revoked\/(\d{20})$/.exec(name);
    return match === null ? undefined : Number(match[1]);
  },

  hopSecret: 'local/hop-secret',
} as const;

/** Which record of which session an object is. */
export interface RecordName {
  readonly session: SessionId;
  readonly number: number;
}

function parseRecord(folder: string, name: string): RecordName | undefined {
  const match = name.startsWith(folder) ? /^([^/]+)\/(\d{20})$/.exec(name.slice(folder.length)) : null;
  return match?.[1] !== undefined && isSessionId(match[1])
    ? { session: match[1], number: Number(match[2]) }
    : undefined;
}

const NUMBER_DIGITS = 20;

function padded(number: number): string {
  assert(Number.isSafeInteger(number) && number >= 0, 'object numbers are unsigned safe integers');
  return String(number).padStart(NUMBER_DIGITS, '0');
}
