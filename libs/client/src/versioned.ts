import { utf8 } from './bytes.js';
import type { Codec } from './codec.js';
import { json, jsonText } from './codec.js';
import { InvalidError } from './errors.js';

export interface VersionedOptions {
  /** Of what is written now, a whole number above those of all upcasts. */
  readonly version: number;
  /** From each earlier version to the next one: `{ 1: (old) => … }` makes a value of version 2 from one of version 1. */
  readonly upcasts?: Readonly<Record<number, (old: never) => unknown>> | undefined;
  /** Which version values have that were written before there were versions; without it they are refused. */
  readonly unversioned?: number | undefined;
}

/** How a value stands in JSON: beside its version, so that other readers of the database see both. */
interface Envelope {
  readonly $version: number;
  readonly value: unknown;
}

/**
 * JSON that remembers in which version of your program's types it was written, and is brought to the present one when it is read. Nothing is rewritten before it is
 * written anyway. Values of a later version than this one are refused: an old program must not lose what a new one has added.
 */
export function versioned<T = unknown>({ version, upcasts = {}, unversioned }: VersionedOptions): Codec<T> {
  if (!Number.isSafeInteger(version)) {
    throw new InvalidError({ code: 'invalid-argument', message: 'a version is a whole number' });
  }
  const inner = json();
  return {
    // By itself first: in an object what JSON does not have is left out, and what is left could not be read.
    encode: (value) => utf8(`{"$version":${version},"value":${jsonText(value)}}`),
    async decode(bytes) {
      const stored = await inner.decode(bytes);
      const envelope = isEnvelope(stored) ? stored : { $version: unversioned ?? NaN, value: stored };
      let { value } = envelope;
      if (!(envelope.$version <= version))
        throw refused(`the value is of no version that is known here, up to ${version}`);
      for (let from = envelope.$version; from < version; from++) {
        const upcast = upcasts[from];
        if (upcast === undefined) throw refused(`there is no upcast from version ${from}`);
        value = upcast(value as never);
      }
      return value as T;
    },
  };
}

function isEnvelope(stored: unknown): stored is Envelope {
  if (typeof stored !== 'object' || stored === null) return false;
  const { $version, ...rest } = stored as Partial<Envelope>;
  return Number.isSafeInteger($version) && Object.keys(rest).join() === 'value';
}

function refused(message: string): InvalidError {
  return new InvalidError({ code: 'undecodable-value', message });
}
