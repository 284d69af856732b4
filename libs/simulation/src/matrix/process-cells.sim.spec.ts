import { processCells } from './process-cells.js';
import { describeCells } from './testing/describe-cells.js';

describeCells('the service with a process at the edge of a request that fails', processCells());
