import { SegmentedControl, Stack, Textarea } from '@mantine/core';

import { textOfValue, VALUE_VIEWS, valueOfText, type ValueView } from './value-text.js';

/** A value as it is being typed. */
export interface ValueDraft {
  readonly view: ValueView;
  readonly text: string;
}

interface ValueEditorProps {
  readonly draft: ValueDraft;
  readonly readOnly?: boolean;
  readonly onChange: (draft: ValueDraft) => void;
}

const MAX_ROWS = 22;

export function ValueEditor({ draft, readOnly = false, onChange }: ValueEditorProps) {
  const value = valueOfText(draft.text, draft.view);
  const textIn = (view: ValueView) => (value === undefined ? undefined : textOfValue(value, view));
  return (
    <Stack gap="xs">
      <SegmentedControl
        aria-label="Value as"
        size="xs"
        value={draft.view}
        onChange={(chosen) => {
          const view = chosen as ValueView;
          const text = textIn(view);
          if (text !== undefined) onChange({ view, text });
        }}
        data={VALUE_VIEWS.map((view) => ({
          value: view,
          label: view,
          disabled: view !== draft.view && textIn(view) === undefined,
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
