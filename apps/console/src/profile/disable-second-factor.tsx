import { useChange } from '../api/change.js';
import { answerOf, control } from '../api/control.js';
import { Dialog } from '../parts/dialog.js';
import { BothFactors, type Factors } from './both-factors.js';
import { SECOND_FACTOR } from './second-factor.js';

export function DisableSecondFactor({ opened, onClose }: { readonly opened: boolean; readonly onClose: () => void }) {
  const disable = useChange((body: Factors) => answerOf(control.POST('/v1/second-factor/disable', { body })), {
    reads: SECOND_FACTOR,
    told: 'The second factor is off.',
    onDone: onClose,
  });
  return (
    <Dialog opened={opened} title="Turn off the second factor" onClose={onClose}>
      <BothFactors action="Turn off" change={disable} onGiven={disable.mutate} />
    </Dialog>
  );
}
