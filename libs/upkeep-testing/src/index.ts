export * from './crashing-session.js';
export * from './flushed-database.js';
