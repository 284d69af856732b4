import { loadConfig, runMain } from '@leasehold/service-kit';

import { fleetPartsOf, fleetWorkerConfig } from './fleet-worker.js';
import { startWorker } from './start-worker.js';

runMain(async () => {
  const config = loadConfig(fleetWorkerConfig);
  return startWorker(config, () => process.exit(1), fleetPartsOf(config));
});
