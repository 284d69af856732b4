import { Button, Group, Modal, Select, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { answerOf, control } from '../api/control.js';
import { Failure } from '../parts/failure.js';
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
    <Modal
      opened={opened}
      onClose={onClose}
      title={`Rotate ${apiKey.name}`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {opened && <Rotation apiKey={apiKey} onClose={onClose} />}
    </Modal>
  );
}

function Rotation({ apiKey: { id, lastFour }, onClose }: Omit<KeyDialogProps, 'opened'>) {
  const [overlap, setOverlap] = useState('86400');
  const client = useQueryClient();
  const rotation = useMutation({
    mutationFn: () =>
      answerOf(
        control.POST('/v1/keys/{id}/rotate', {
          params: { path: { id } },
          body: { overlapSeconds: Number(overlap) },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: KEYS }),
  });
  if (rotation.data) {
    return (
      <Stack>
        <Secret secret={rotation.data.key} label="new secret" />
        <Button onClick={onClose}>Done</Button>
      </Stack>
    );
  }
  return (
    <Stack>
      <Text>The key gets a new secret, and keeps its name, scopes and bounds.</Text>
      <Failure error={rotation.error} />
      <Select
        label={`The present secret …${lastFour}`}
        data={OVERLAPS}
        allowDeselect={false}
        value={overlap}
        onChange={(value) => setOverlap(value ?? '86400')}
      />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button onClick={() => rotation.mutate()} loading={rotation.isPending}>
          Rotate
        </Button>
      </Group>
    </Stack>
  );
}
