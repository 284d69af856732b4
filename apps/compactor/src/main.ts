import { createLogger, loadConfig, runMain } from '@leasehold/service-kit';

import { compactorConfig } from './config.js';
import { startCompactor } from './start-compactor.js';
import { askForSweep } from './jobs/ask-for-sweep.js';

/** Asks the running compactors for a sweep that reads every head, and ends. */
const SWEEP_OPTION = '--sweep';

// Inside the callback: a configuration that is not valid is a failed start like any other.
runMain(async () => {
  const config = loadConfig(compactorConfig);
  if (!process.argv.includes(SWEEP_OPTION)) return startCompactor(config);
  return askForSweep(config, createLogger('compactor', config.LOG_LEVEL));
});
