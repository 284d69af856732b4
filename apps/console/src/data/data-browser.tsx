import type { Database } from '@leasehold/client';
import { ActionIcon, Alert, Button, Group, SegmentedControl, Stack, Tooltip } from '@mantine/core';
import { useEffect, useMemo, useState, useSyncExternalStore } from 'react';

import { formatInstant } from '../parts/format.js';
import { Icon } from '../parts/icon.js';
import { TransferButtons } from '../transfer/transfer-buttons.js';
import { useBrowserState, type BrowserState } from './browser-state.js';
import { sameBytes } from './bytes.js';
import classes from './data-browser.module.css';
import { EntryDrawer } from './entry-drawer.js';
import { EntryRows } from './entry-rows.js';
import { byteRangeOf } from './key-range.js';
import { KEY_VIEWS, viewFor, type KeyView } from './key-text.js';
import { KeyListing } from './key-listing.js';
import { NewEntry } from './new-entry.js';
import { PrefixBar } from './prefix-bar.js';
import { PrefixTree } from './prefix-tree.js';
import { RangeBar } from './range-bar.js';
import { TimeSlider } from './time-slider.js';

interface DataBrowserProps {
  readonly data: Database;
  /** How far back it can be looked. */
  readonly retentionSeconds: number;
}

/** Another generation is the same range, read again. */
function useListing(
  data: Database,
  { prefix, range, at }: Pick<BrowserState, 'prefix' | 'range' | 'at'>,
  generation: number,
): KeyListing {
  return useMemo(
    () => new KeyListing(data, byteRangeOf(prefix, range), at, generation),
    [data, prefix, range, at, generation],
  );
}

/** Rows by which it is judged what the keys are. */
const JUDGED_ROWS = 20;

/** What is in a database: folders of keys, the keys of one of them, and one entry. */
export function DataBrowser({ data, retentionSeconds }: DataBrowserProps) {
  const state = useBrowserState();
  const { prefix, setPrefix, range, setRange, key, setKey, at, setAt } = state;
  const [generation, setGeneration] = useState(0);
  const [isAdding, setIsAdding] = useState(false);
  const listing = useListing(data, state, generation);
  useEffect(() => {
    listing.look(0, 0);
    return listing.stop;
  }, [listing]);
  const { window } = useSyncExternalStore(listing.subscribe, listing.snapshot);
  const judged = Array.from({ length: JUDGED_ROWS }, (_, row) => window.entryAt(row)?.key);
  // What was asked for tells what keys are where there are none.
  const told = [prefix, range.start, range.end, ...judged].filter((key) => key !== undefined);
  const guessed = viewFor(told.filter(({ length }) => length > 0));
  const view = state.view ?? guessed;
  const reload = () => setGeneration(generation + 1);
  return (
    <Stack>
      <Group justify="space-between">
        <PrefixBar prefix={prefix} view={view} onChange={setPrefix} />
        <Group gap="xs">
          <SegmentedControl
            aria-label="Keys as"
            size="xs"
            data={[...KEY_VIEWS]}
            value={view}
            onChange={(chosen) => state.setView(chosen as KeyView)}
          />
          <Tooltip label="Read again">
            <ActionIcon variant="default" size="lg" onClick={reload} aria-label="Read again">
              <Icon name="refresh" />
            </ActionIcon>
          </Tooltip>
          <TransferButtons data={data} prefix={prefix} range={range} view={view} at={at} onImported={reload} />
          <Button leftSection={<Icon name="plus" />} onClick={() => setIsAdding(true)} disabled={at !== undefined}>
            New entry
          </Button>
        </Group>
      </Group>
      <Group gap="xs">
        <RangeBar range={range} view={view} onChange={setRange} />
        <TimeSlider at={at} retentionSeconds={retentionSeconds} onChange={setAt} />
      </Group>
      {at !== undefined && (
        <Alert color="yellow" p="xs">
          This is how it was at {formatInstant(at)}. Nothing can be changed in the past.
        </Alert>
      )}
      <div className={classes['panels']}>
        <PrefixTree
          key={generation}
          data={data}
          range={range}
          at={at}
          view={view}
          chosen={prefix}
          onChoose={setPrefix}
        />
        <EntryRows listing={listing} view={view} onOpen={setKey} />
      </div>
      <EntryDrawer
        data={data}
        entryKey={key}
        view={view}
        at={at}
        onClose={() => setKey(undefined)}
        onWritten={listing.note}
      />
      <NewEntry
        data={data}
        opened={isAdding}
        prefix={prefix}
        view={view}
        onClose={() => setIsAdding(false)}
        onCreated={(created) => {
          reload();
          if (key === undefined || !sameBytes(created, key)) setKey(created);
        }}
      />
    </Stack>
  );
}
