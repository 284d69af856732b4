import { loadConfig, runMain } from '@leasehold/service-kit';

import { workerConfig } from './config.js';
import { startWorker } from './start-worker.js';

runMain(async () => startWorker(loadConfig(workerConfig), () => process.exit(1)));
