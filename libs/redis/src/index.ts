export * from './redis-connection.js';
export * from './redis-demand-board.js';
export * from './redis-url.js';
