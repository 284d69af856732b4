import { Button } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';

import { Dialog } from '../parts/dialog.js';
import { Loading } from '../parts/screen-state.js';
import type { ExportFormProps } from './export-form.js';
import type { ImportFormProps } from './import-form.js';

const ExportForm = lazy(async () => ({ default: (await import('./export-form.js')).ExportForm }));
const ImportForm = lazy(async () => ({ default: (await import('./import-form.js')).ImportForm }));

type TransferButtonsProps = Pick<ExportFormProps, 'data' | 'prefix' | 'range' | 'view' | 'at'> &
  Pick<ImportFormProps, 'onImported'>;

/** Takes what is looked at out of the database as a file, or a file into it. */
export function TransferButtons({ onImported, ...exported }: TransferButtonsProps) {
  const [opened, setOpened] = useState<'export' | 'import'>();
  const [isHeld, setIsHeld] = useState(false);
  const close = () => setOpened(undefined);
  return (
    <>
      <Button variant="default" onClick={() => setOpened('export')}>
        Export
      </Button>
      <Button variant="default" disabled={exported.at !== undefined} onClick={() => setOpened('import')}>
        Import
      </Button>
      <Dialog opened={opened === 'export'} title="Export" isHeld={isHeld} onClose={close}>
        <Suspense fallback={<Loading rows={3} />}>
          <ExportForm {...exported} onHold={setIsHeld} onClose={close} />
        </Suspense>
      </Dialog>
      <Dialog opened={opened === 'import'} title="Import" isHeld={isHeld} onClose={close}>
        <Suspense fallback={<Loading rows={3} />}>
          <ImportForm data={exported.data} onHold={setIsHeld} onImported={onImported} onClose={close} />
        </Suspense>
      </Dialog>
    </>
  );
}
