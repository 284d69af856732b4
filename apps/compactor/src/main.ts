import { loadConfig, runMain } from '@leasehold/service-kit';

import { compactorConfig } from './config.js';
import { startCompactor } from './start-compactor.js';

// Inside the callback: a configuration that is not valid is a failed start like any other.
runMain(async () => startCompactor(loadConfig(compactorConfig)));
