import type { AnswerRoomSettings } from './answer-room.js';
import type { FairAdmissionSettings } from './fair-admission.js';

/** Requests to databases. */
export const REQUESTS: FairAdmissionSettings = {
  // As many values of 16 KiB as the commit log takes at once; 60,000 small writes a second at the latency of S3.
  maxUnits: 4_096,
  // A quarter, so that one tenant whose requests are slow leaves the log, and the places of all, to others.
  maxUnitsOfTenant: 1_024,
  // Twice the small requests that a gateway lets in of a tenant by default, or thirty of the longest pages.
  unitsPerSecondOfTenant: 2_000,
  // Their bodies are in memory; the service bounds the sum of those (libs/service-kit).
  maxWaiting: 4_096,
  maxWaitingOfTenant: 512,
  // A few milliseconds of small writes; who comes beyond that waits with a timer and a signal, which cost as much as a write does.
  unitsPerTurn: 128,
};

/** Parts of long answers that are made in memory, one in a turn of the event loop, whoever's. */
export const SLICES: FairAdmissionSettings = {
  maxUnits: 1,
  maxUnitsOfTenant: 1,
  maxWaiting: 8_192,
  // One for each of its pages under way.
  maxWaitingOfTenant: 1_024,
  unitsPerTurn: 1,
};

const MIB = 1024 * 1024;

/** Long answers in memory. */
export const ANSWERS: AnswerRoomSettings = {
  maxBytes: 512 * MIB,
  // Two of the largest: 16 MiB of values and a page, and 48 MiB of text.
  maxBytesOfTenant: 160 * MIB,
};
