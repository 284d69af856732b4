import type { Step } from '../world/failpoint.js';

/** Steps that every run of a cell comes by. */
export const WORKER_STEPS = [
  'put segment',
  'put rollup',
  'put sst',
  'put head claim',
  'put head flush',
  'put head release',
  'put record birth',
  'put record renewal',
  'put record clean',
  'get head',
  'get record',
  'get sst',
  'list record',
  'delete segment',
  'delete rollup',
] as const satisfies readonly Step[];

export const COMPACTOR_STEPS = [
  'put seal',
  'put sst',
  'put head recovery',
  'put head compaction',
  'put head gc-floor',
  'put record seal',
  'put pin',
  'get segment',
  'get sst',
  'get head',
  'list sst',
  'list segment',
  'delete sst',
  'delete pin',
  'delete record',
  'delete segment',
] as const satisfies readonly Step[];
