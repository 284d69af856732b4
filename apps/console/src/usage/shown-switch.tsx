import { SegmentedControl } from '@mantine/core';

import { useUrlState } from '../state/url-state.js';

const COST = 'cost';
const SHOWN = [
  { value: '', label: 'Usage' },
  { value: COST, label: 'Cost' },
];

/** Whether it is shown what was used, or what that cost. */
export function useIsCost(): boolean {
  return useUrlState('show')[0] === COST;
}

export function ShownSwitch() {
  const [, setShown] = useUrlState('show');
  const isCost = useIsCost();
  return <SegmentedControl aria-label="Usage or cost" data={SHOWN} value={isCost ? COST : ''} onChange={setShown} />;
}
