export * from './tell-head.js';
export * from './usage-recorder.js';
