import protobuf from 'protobufjs/minimal.js';

import { ProblemError } from '../problem.js';

export type ProtoReader = protobuf.Reader;
export type ProtoWriter = protobuf.Writer;

const VARINT = 0;
const LENGTH_DELIMITED = 2;

/** How a field of a message is read; one of another wire type than it should have is passed over, as unknown ones are. */
export interface FieldReader {
  readonly wireType: number;
  readonly read: (reader: ProtoReader) => void;
}

export function bytesField(keep: (bytes: Uint8Array) => void): FieldReader {
  return { wireType: LENGTH_DELIMITED, read: (reader) => keep(reader.bytes()) };
}

/** Of 32 bits and of enumerations; larger numbers lose their upper bits, as the language of the messages says. */
export function int32Field(keep: (number: number) => void): FieldReader {
  return { wireType: VARINT, read: (reader) => keep(reader.int32()) };
}

/** Exact up to 2^53. */
export function int64Field(keep: (number: number) => void): FieldReader {
  return { wireType: VARINT, read: (reader) => keep(Number(reader.int64())) };
}

export function boolField(keep: (flag: boolean) => void): FieldReader {
  return { wireType: VARINT, read: (reader) => keep(reader.bool()) };
}

/** Reads one message, field by field as they come: of a field that comes twice the last counts. @throws Error bytes that are no message */
export function readFields(message: Uint8Array, fields: Readonly<Record<number, FieldReader>>): void {
  const reader = protobuf.Reader.create(message);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const field = fields[tag >>> 3];
    if (tag >>> 3 === 0) throw new Error('a field has the number 0');
    if (field !== undefined && field.wireType === (tag & 7)) field.read(reader);
    else reader.skipType(tag & 7);
  }
}

/** The message that a body is. @throws ProblemError invalid-body when it is none; as `read` */
export function readMessage<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    throw new ProblemError('invalid-body', `the body is not a protobuf message ${name}`, { cause: error });
  }
}

export function protoWriter(): ProtoWriter {
  return protobuf.Writer.create();
}

/** Fields by number; what is not written is the default of its type. */
export function bytesTag(field: number): number {
  return (field << 3) | LENGTH_DELIMITED;
}

export function varintTag(field: number): number {
  return (field << 3) | VARINT;
}
