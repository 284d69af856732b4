import { TagsInput, TextInput } from '@mantine/core';

/** What can be said of a webhook. */
export interface WebhookDraft {
  readonly url: string;
  readonly description: string;
  /** Actions of the audit log; empty: all. */
  readonly events: string[];
}

interface WebhookFieldsProps {
  readonly draft: WebhookDraft;
  readonly fields: Readonly<Record<string, string>>;
  readonly onChange: (draft: WebhookDraft) => void;
}

/** Those that are asked for most; every action of the audit log can be typed. */
const OFFERED_EVENTS = [
  'database.created',
  'database.changed',
  'database.deleted',
  'api-key.created',
  'api-key.revoked',
  'member.added',
  'member.removed',
  'payment.failed',
];

export function WebhookFields({ draft, fields, onChange }: WebhookFieldsProps) {
  return (
    <>
      <TextInput
        label="URL"
        description="https, with a public address."
        type="url"
        required
        placeholder="https://hooks.example.com/leasehold"
        error={fields['url']}
        value={draft.url}
        onChange={({ currentTarget: { value: url } }) => onChange({ ...draft, url })}
      />
      <TextInput
        label="Description"
        error={fields['description']}
        value={draft.description}
        onChange={({ currentTarget: { value: description } }) => onChange({ ...draft, description })}
      />
      <TagsInput
        label="Events"
        description="Actions of the audit log. Empty: all."
        data={OFFERED_EVENTS}
        error={fields['events']}
        value={draft.events}
        onChange={(events) => onChange({ ...draft, events })}
      />
    </>
  );
}
