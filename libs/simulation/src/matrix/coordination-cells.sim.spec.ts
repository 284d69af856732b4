import { coordinationCells } from './coordination-cells.js';
import { describeCells } from './testing/describe-cells.js';

describeCells('the service whose queue, network or processes fail together', coordinationCells());
