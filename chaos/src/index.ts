export type { ChaosReport } from './chaos-report.js';
export { formatChaosReport } from './chaos-report.js';
export { undoEverything } from './fleet/leave-nothing.js';
export type { FaultKind } from './plan/fault-kind.js';
export { FAULT_KINDS, isFaultKind } from './plan/fault-kind.js';
export type { ChaosSettings } from './chaos-settings.js';
export { runChaos } from './run-chaos.js';
