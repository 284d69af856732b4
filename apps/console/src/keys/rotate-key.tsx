import { Button, Select, Stack, Text } from '@mantine/core';
import { useState } from 'react';

import { useChange } from '../api/change.js';
import { answerOf, control } from '../api/control.js';
import { DialogForm } from '../parts/dialog-form.js';
import { Dialog } from '../parts/dialog.js';
import { Secret } from '../parts/secret.js';
import type { KeyDialogProps } from './key-dialog.js';
import { KEYS } from './key-list.js';

/** Seconds for which the present secret goes on working. */
const OVERLAPS = [
  { value: '0', label: 'ends at once' },
  { value: '3600', label: 'works for another hour' },
  { value: '86400', label: 'works for another day' },
  { value: '604800', label: 'works for another week' },
];

/** Another secret for the same key, shown once. */
export function RotateKey({ apiKey, opened, onClose }: KeyDialogProps) {
  return (
    <Dialog opened={opened} title={`Rotate ${apiKey.name}`} onClose={onClose}>
      <Rotation apiKey={apiKey} onClose={onClose} />
    </Dialog>
  );
}

function Rotation({ apiKey: { id, lastFour }, onClose }: Omit<KeyDialogProps, 'opened'>) {
  const [overlap, setOverlap] = useState('86400');
  const params = { path: { id } };
  const rotation = useChange(
    () => answerOf(control.POST('/v1/keys/{id}/rotate', { params, body: { overlapSeconds: Number(overlap) } })),
    { reads: KEYS },
  );
  if (rotation.data) {
    return (
      <Stack>
        <Secret secret={rotation.data.key} label="new secret" />
        <Button onClick={onClose}>Done</Button>
      </Stack>
    );
  }
  return (
    <DialogForm action="Rotate" change={rotation} onGiven={() => rotation.mutate()} onClose={onClose}>
      <Text>The key gets a new secret, and keeps its name, scopes and bounds.</Text>
      <Select
        label={`The present secret …${lastFour}`}
        data={OVERLAPS}
        allowDeselect={false}
        value={overlap}
        onChange={(value) => setOverlap(value ?? '86400')}
      />
    </DialogForm>
  );
}
