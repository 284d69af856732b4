import { Button, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useLocation } from 'wouter';

import { useChange } from '../api/change.js';
import { answerOf, control } from '../api/control.js';
import { ConfirmDialog } from '../parts/confirm-dialog.js';
import { Dialog } from '../parts/dialog.js';
import { Failure } from '../parts/failure.js';
import { Secret } from '../parts/secret.js';
import { tellFailure } from '../parts/toasts.js';
import { WEBHOOKS, type Webhook } from './webhook-list.js';

/** What can be done with a webhook as a whole. */
export function WebhookActions({ webhook: { id, url } }: { readonly webhook: Webhook }) {
  const [rotating, rotation] = useDisclosure(false);
  const [deleting, deletion] = useDisclosure(false);
  const [, navigate] = useLocation();
  const params = { path: { id } };
  const test = useChange(() => answerOf(control.POST('/v1/webhooks/{id}/test', { params })), {
    reads: WEBHOOKS,
    told: 'A test event is on its way.',
  });
  const rotate = useChange(() =>
    answerOf(control.POST('/v1/webhooks/{id}/rotate', { params, body: { overlapSeconds: 86_400 } })),
  );
  const remove = useChange(() => answerOf(control.DELETE('/v1/webhooks/{id}', { params })), {
    reads: WEBHOOKS,
    told: 'The webhook is deleted.',
    onDone: () => navigate('/webhooks'),
  });
  const closeRotation = () => {
    rotation.close();
    // Opened again, it asks again: a secret is shown once.
    rotate.reset();
  };
  return (
    <>
      <Button
        variant="default"
        onClick={() => test.mutate(undefined, { onError: tellFailure })}
        loading={test.isPending}
      >
        Send a test
      </Button>
      <Button variant="default" onClick={rotation.open}>
        Rotate secret
      </Button>
      <Button variant="outline" color="red" onClick={deletion.open}>
        Delete
      </Button>
      <Dialog opened={rotating} title="Rotate the signing secret" onClose={closeRotation}>
        <Stack>
          <Failure error={rotate.error} />
          {rotate.data ? (
            <Secret secret={rotate.data.secret} label="signing secret" />
          ) : (
            <>
              <Text size="sm">
                For a day messages are signed with the secrets before it as well, so that your server can change over.
              </Text>
              <Button onClick={() => rotate.mutate()} loading={rotate.isPending}>
                Rotate
              </Button>
            </>
          )}
        </Stack>
      </Dialog>
      <ConfirmDialog
        opened={deleting}
        title="Delete this webhook?"
        action="Delete webhook"
        isBusy={remove.isPending}
        error={remove.error}
        onConfirm={() => remove.mutate()}
        onClose={deletion.close}
      >
        {url} is told nothing more, and what waits to be sent goes with it.
      </ConfirmDialog>
    </>
  );
}
