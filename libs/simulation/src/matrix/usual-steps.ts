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
  'put record seal',
  'put seal',
  'get head',
  'get record',
  'get sst',
  'get segment',
  'list record',
  'list segment',
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
  'get segment',
  'get sst',
  'get head',
  'list sst',
  'list segment',
  'delete sst',
  'delete record',
  'delete segment',
] as const satisfies readonly Step[];

export const EXPORTER_STEPS = ['put pin', 'delete pin', 'get head'] as const satisfies readonly Step[];
