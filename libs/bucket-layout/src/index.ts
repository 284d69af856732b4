export * from './bucket-layout.js';
