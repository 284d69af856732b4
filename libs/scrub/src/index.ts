export * from './scrub-bucket.js';
export * from './scrub-report.js';
