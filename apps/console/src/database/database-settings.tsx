import { Button, Group, NumberInput, Paper, Stack, Switch, TagsInput, Text, TextInput, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';

import { answerOf, control } from '../api/control.js';
import { ADMINS, BUILDERS, useMay } from '../api/session.js';
import { DATABASES, type Database } from '../databases/database-list.js';
import { DeleteDatabase } from '../databases/delete-database.js';
import { Failure } from '../parts/failure.js';
import { fieldsOf } from '../parts/fields-of.js';
import { formatSeconds } from '../parts/format.js';
import { tell } from '../parts/toasts.js';
import { Grants } from './grants.js';
import { changeOf, draftOf, type SettingsDraft } from './settings-draft.js';

/** What holds for a database; taken over if nobody has changed it meanwhile. */
export function DatabaseSettings({ database }: { readonly database: Database }) {
  const { id, revision } = database;
  const [draft, setDraft] = useState<SettingsDraft>(() => draftOf(database));
  const client = useQueryClient();
  const may = useMay(BUILDERS);
  const isAdmin = useMay(ADMINS);
  const change = useMutation({
    mutationFn: () =>
      answerOf(
        control.PATCH('/v1/databases/{nameOrId}', {
          params: { path: { nameOrId: id }, header: { 'If-Match': `"${revision}"` } },
          body: changeOf(database, draft),
        }),
      ),
    onSuccess: () => {
      tell('Settings saved.');
      return client.invalidateQueries({ queryKey: DATABASES });
    },
  });
  const fields = fieldsOf(change.error);
  const isChanged = Object.keys(changeOf(database, draft)).length > 0;
  return (
    <Stack maw="38rem">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate();
        }}
      >
        <fieldset disabled={!may} className="plain">
          <Stack>
            <Failure error={change.error} />
            <TagsInput
              label="Labels"
              placeholder="key:value"
              error={fields['labels']}
              disabled={!may}
              value={[...draft.labels]}
              onChange={(labels) => setDraft({ ...draft, labels })}
            />
            <Switch
              label="Protected: it cannot be deleted"
              checked={draft.deleteProtection}
              onChange={({ currentTarget: { checked: deleteProtection } }) => setDraft({ ...draft, deleteProtection })}
            />
            <NumberInput
              label="Hours of history"
              description="How far back it can be looked. Empty: 24."
              min={0}
              allowDecimal={false}
              error={fields['retentionSeconds']}
              value={draft.retentionHours}
              onChange={(retentionHours) => setDraft({ ...draft, retentionHours })}
            />
            <NumberInput
              label="Size limit in MB"
              description="Beyond it only reads and deletes work. Empty: as the plan says."
              min={0}
              allowDecimal={false}
              error={fields['sizeLimitBytes']}
              value={draft.sizeLimitMegabytes}
              onChange={(sizeLimitMegabytes) => setDraft({ ...draft, sizeLimitMegabytes })}
            />
            <NumberInput
              label="Hours in which it can be had back when it is deleted"
              min={1}
              allowDecimal={false}
              error={fields['undeleteSeconds']}
              value={draft.undeleteHours}
              onChange={(undeleteHours) => setDraft({ ...draft, undeleteHours })}
            />
            <TextInput
              type="datetime-local"
              label="It is deleted by itself at"
              description="In your time zone. Empty: never."
              error={fields['expiresAt']}
              value={draft.expiresAt}
              onChange={({ currentTarget: { value: expiresAt } }) => setDraft({ ...draft, expiresAt })}
            />
            <Group justify="flex-end">
              <Button type="submit" loading={change.isPending} disabled={!isChanged || !may}>
                Save settings
              </Button>
            </Group>
          </Stack>
        </fieldset>
      </form>
      {isAdmin && <Grants databaseId={id} />}
      {may && <Danger database={database} />}
    </Stack>
  );
}

function Danger({ database }: { readonly database: Database }) {
  const [deleting, dialog] = useDisclosure(false);
  const [, navigate] = useLocation();
  return (
    <Paper withBorder p="md">
      <Group justify="space-between">
        <div>
          <Title order={2} size="h5">
            Delete this database
          </Title>
          <Text size="sm" c="dimmed">
            It can be had back for {formatSeconds(database.undeleteSeconds)}.
          </Text>
        </div>
        <Button color="red" variant="outline" onClick={dialog.open} disabled={database.deleteProtection}>
          Delete
        </Button>
      </Group>
      <DeleteDatabase
        database={database}
        opened={deleting}
        onClose={dialog.close}
        onDeleted={() => navigate('/databases')}
      />
    </Paper>
  );
}
