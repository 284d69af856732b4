import { loadConfig, runMain } from '@leasehold/service-kit';

import { gatewayConfig } from './config.js';
import { openParts } from './gateway-parts.js';
import { startGateway } from './start-gateway.js';

// Inside the callback: a configuration that is not valid is a failed start like any other.
runMain(async () => startGateway(loadConfig(gatewayConfig), openParts));
