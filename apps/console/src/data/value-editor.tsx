import { SegmentedControl, Stack, Textarea } from '@mantine/core';

import { draftIn, valueOfDraft, type ValueDraft } from './value-draft.js';
import { VALUE_VIEWS, type ValueView } from './value-text.js';

interface ValueEditorProps {
  readonly draft: ValueDraft;
  readonly readOnly?: boolean;
  readonly onChange: (draft: ValueDraft) => void;
}

const MAX_ROWS = 22;

export function ValueEditor({ draft, readOnly = false, onChange }: ValueEditorProps) {
  const value = valueOfDraft(draft);
  const shownIn = (view: ValueView) => (value === undefined ? undefined : draftIn(value, view));
  return (
    <Stack gap="xs">
      <SegmentedControl
        aria-label="Value as"
        size="xs"
        value={draft.view}
        onChange={(chosen) => {
          const shown = shownIn(chosen as ValueView);
          if (shown !== undefined) onChange(shown);
        }}
        data={VALUE_VIEWS.map((view) => ({
          value: view,
          label: view,
          disabled: view !== draft.view && shownIn(view) === undefined,
        }))}
      />
      <Textarea
        label="Value"
        autosize
        minRows={4}
        maxRows={MAX_ROWS}
        readOnly={readOnly}
        spellCheck={false}
        classNames={{ input: 'monospace' }}
        error={
          value === undefined &&
          (draft.view === 'json' ? 'This is no JSON.' : 'These are no pairs of hexadecimal digits.')
        }
        value={draft.text}
        onChange={(event) => onChange({ ...draft, text: event.currentTarget.value })}
      />
    </Stack>
  );
}
