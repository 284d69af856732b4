import { systemClock } from '@leasehold/foundation';
import { describeObjectStore } from '@leasehold/object-store-testing/conformance';

import { MemoryStore } from './memory-store.js';

describeObjectStore('memory', async () => ({ store: new MemoryStore(systemClock) }));
