import { Text, UnstyledButton } from '@mantine/core';
import { useSyncExternalStore } from 'react';

import { countOf, formatBytes } from '../parts/format.js';
import { Loading, Message, Refused } from '../parts/screen-state.js';
import { VirtualRows } from '../parts/virtual-rows.js';
import classes from './entry-rows.module.css';
import type { KeyListing } from './key-listing.js';
import { textOfKey, type KeyView } from './key-text.js';
import { previewOf } from './value-text.js';

interface EntryRowsProps {
  readonly listing: KeyListing;
  readonly view: KeyView;
  readonly onOpen: (key: Uint8Array) => void;
}

/** A million of them stay below the height that browsers give a page, 2^25 pixels. */
const ROW_HEIGHT_PX = 32;

/** The keys of a range, of which those in sight are there. */
export function EntryRows({ listing, view, onOpen }: EntryRowsProps) {
  const { window, version, error } = useSyncExternalStore(listing.subscribe, listing.snapshot);
  if (version === undefined) {
    return error === undefined ? <Loading rows={8} /> : <Refused error={error} onRetry={listing.retry} />;
  }
  if (window.isWhole && window.knownRows === 0) {
    return (
      <Message
        icon="folder"
        title="No keys here"
        text="Nothing lies in what is looked at, or nothing was written yet."
      />
    );
  }
  return (
    <div>
      <VirtualRows
        label="Entries"
        head={['Key', 'Value', 'Size']}
        columns="minmax(10rem, 2fr) minmax(10rem, 3fr) 5rem"
        rowHeightPx={ROW_HEIGHT_PX}
        // One more, until the end is known: that it comes into sight reads on.
        count={window.knownRows + (window.isWhole ? 0 : 1)}
        onRange={listing.look}
        renderRow={(row) => cellsOf(listing, row, view, onOpen)}
      />
      <Text size="sm" c="dimmed" mt="xs" data-held={window.heldEntries}>
        {countOf(window.knownRows, 'key')}
        {!window.isWhole && ' so far, more as you scroll'}
      </Text>
      {error && <Refused error={error} onRetry={listing.retry} />}
    </div>
  );
}

function cellsOf(listing: KeyListing, row: number, view: KeyView, onOpen: (key: Uint8Array) => void) {
  const found = listing.entryAt(row);
  if (found === undefined) return ['…', '', ''];
  const { entry, isDeleted } = found;
  const name = textOfKey(entry.key, view);
  return [
    <UnstyledButton
      key="key"
      className={`${classes['key']} ${isDeleted ? classes['deleted'] : ''}`}
      title={name}
      onClick={() => onOpen(entry.key)}
    >
      {name}
    </UnstyledButton>,
    <span key="value" className={classes['value']}>
      {isDeleted ? 'deleted' : previewOf(entry.value)}
    </span>,
    formatBytes(entry.value.length),
  ];
}
