import { useChange } from '../api/change.js';
import { answerOf, control } from '../api/control.js';
import { Dialog } from '../parts/dialog.js';
import { BackupCodes } from './backup-codes.js';
import { BothFactors, type Factors } from './both-factors.js';
import { SECOND_FACTOR } from './second-factor.js';

/** Ten others; those from before work no more. */
export function RenewBackupCodes({ opened, onClose }: { readonly opened: boolean; readonly onClose: () => void }) {
  const renewal = useChange((body: Factors) => answerOf(control.POST('/v1/second-factor/backup-codes', { body })), {
    reads: SECOND_FACTOR,
  });
  const close = () => {
    renewal.reset();
    onClose();
  };
  return (
    <Dialog opened={opened} title="New backup codes" onClose={close}>
      {renewal.data ? (
        <BackupCodes codes={renewal.data.backupCodes} onDone={close} />
      ) : (
        <BothFactors action="Make new ones" change={renewal} onGiven={renewal.mutate} />
      )}
    </Dialog>
  );
}
