export * from './session-recorder.js';
export * from './tell-head.js';
export * from './traffic-recorder.js';
export * from './usage-recorder.js';
