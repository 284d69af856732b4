import protobuf from 'protobufjs';

/** The messages of KV Connect as a schema, read by another part of the library than the product's own code: what that code is checked against. */
const SCHEMA = `
  syntax = "proto3";
  message SnapshotRead { repeated ReadRange ranges = 1; }
  message ReadRange { bytes start = 1; bytes end = 2; int32 limit = 3; bool reverse = 4; }
  message SnapshotReadOutput { repeated ReadRangeOutput ranges = 1; bool readDisabled = 2; bool readIsStronglyConsistent = 4; int32 status = 8; }
  message ReadRangeOutput { repeated KvEntry values = 1; }
  message KvEntry { bytes key = 1; bytes value = 2; int32 encoding = 3; bytes versionstamp = 4; }
  message AtomicWrite { repeated Check checks = 1; repeated Mutation mutations = 2; repeated Enqueue enqueues = 3; }
  message Check { bytes key = 1; bytes versionstamp = 2; }
  message KvValue { bytes data = 1; int32 encoding = 2; }
  message Mutation { bytes key = 1; KvValue value = 2; int32 mutationType = 3; int64 expireAtMs = 4; bytes sumMin = 5; bytes sumMax = 6; bool sumClamp = 7; }
  message Enqueue { bytes payload = 1; int64 deadlineMs = 2; repeated bytes keysIfUndelivered = 3; repeated uint32 backoffSchedule = 4; }
  message AtomicWriteOutput { int32 status = 1; bytes versionstamp = 2; repeated uint32 failedChecks = 4; }
  message Watch { repeated WatchKey keys = 1; }
  message WatchKey { bytes key = 1; }
  message WatchOutput { int32 status = 1; repeated WatchKeyOutput keys = 2; }
  message WatchKeyOutput { bool changed = 1; KvEntry entryIfChanged = 2; }
`;
const root = protobuf.parse(SCHEMA).root;

export function encodeMessage(name: string, message: Record<string, unknown>): Buffer {
  const type = root.lookupType(name);
  return Buffer.from(type.encode(type.fromObject(message)).finish());
}

/** With bytes as hexadecimal digits. */
export function decodeMessage(name: string, bytes: Uint8Array): Record<string, unknown> {
  const type = root.lookupType(name);
  const object = type.toObject(type.decode(bytes), { bytes: Array, longs: Number, defaults: true, arrays: true });
  return JSON.parse(
    JSON.stringify(object, (_, value: unknown) =>
      Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'number')
        ? Buffer.from(value).toString('hex')
        : value,
    ),
  ) as Record<string, unknown>;
}
