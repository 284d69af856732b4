import { runMain } from '@leasehold/service-kit';

import { readConfig } from './config.js';
import { startControlPlane } from './control-plane.js';

runMain(() => startControlPlane(readConfig(process.env)));
