export * from './faulty-store.js';
export * from './virtual-clock.js';
export * from './child-process/folder-object.js';
export * from './child-process/fork-typescript.js';
