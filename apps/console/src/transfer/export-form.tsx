import type { Database } from '@leasehold/client';
import { Stack, Text, VisuallyHidden } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';

import { useDatabaseName } from '../api/database-name.js';
import { byteRangeOf, isWhole, tellKeys, type KeyRange } from '../data/key-range.js';
import type { KeyView } from '../data/key-text.js';
import { DialogForm } from '../parts/dialog-form.js';
import { formatBytes, formatInstant } from '../parts/format.js';
import { tell } from '../parts/toasts.js';
import { exportFileName } from './export-file-name.js';
import { ExportRun, type ExportProgress } from './export-run.js';
import { openSink } from './open-sink.js';
import { TransferEnd } from './transfer-end.js';
import { entriesText, partText, shareOf, spokenProgress } from './transfer-progress.js';
import { TransferStatus } from './transfer-status.js';
import { useTransfer } from './use-transfer.js';

export interface ExportFormProps {
  readonly data: Database;
  /** Of the keys that are exported; empty: all of them. */
  readonly prefix: Uint8Array;
  /** They lie in it as well. */
  readonly range: KeyRange;
  readonly view: KeyView;
  /** Undefined: the present. */
  readonly at: Date | undefined;
  readonly onHold: (isHeld: boolean) => void;
  readonly onClose: () => void;
}

const CANCELLED = 'The export was cancelled.';
const NOTHING: ExportProgress = { entries: 0, bytes: 0, version: undefined };

/** Writes what is looked at into a file. */
export function ExportForm({ data, prefix, range, view, at, onHold, onClose }: ExportFormProps) {
  const name = useDatabaseName();
  const transfer = useTransfer(onHold);
  const [progress, setProgress] = useState(NOTHING);
  /** Of keys, as far as it is known. */
  const [total, setTotal] = useState<number>();
  const [refusal, setRefusal] = useState<Error | null>(null);
  const { phase, error } = transfer;
  const isStopped = phase === 'stopped';
  const close = useRef(onClose);
  useEffect(() => {
    close.current = onClose;
  });
  useEffect(() => {
    if (!isStopped) return;
    tell(CANCELLED);
    close.current();
  }, [isStopped]);

  const begin = async () => {
    setRefusal(null);
    try {
      const sink = await openSink(exportFileName(name, at ?? new Date()));
      if (sink === undefined) return;
      if (prefix.length === 0 && isWhole(range) && at === undefined) {
        // As of its last flush: about so many.
        void data.stats().then(
          ({ keys }) => setTotal(keys),
          () => undefined,
        );
      }
      const exported = { range: byteRangeOf(prefix, range), at };
      const isSeen = await transfer.start(new ExportRun(data.bytes, exported, sink, setProgress));
      if (!isSeen) tell(CANCELLED);
    } catch (failure) {
      setRefusal(failure instanceof Error ? failure : new Error(String(failure)));
    }
  };

  const { entries, bytes, version } = progress;
  const share = shareOf(entries, total);
  const soFar = `${share === undefined ? entriesText(entries) : partText(entries, total)}, ${formatBytes(bytes)}`;
  const isRunning = phase === 'running' || phase === 'stopping';
  const done = `Exported: ${entriesText(entries)}, ${formatBytes(bytes)}.`;
  return (
    <>
      <VisuallyHidden role="status" aria-live="polite">
        {isRunning ? spokenProgress(entries, share) : phase === 'done' ? done : ''}
      </VisuallyHidden>
      {phase === 'asked' && (
        <DialogForm
          action="Export"
          change={{ isPending: false, error: refusal }}
          onGiven={() => void begin()}
          onClose={onClose}
        >
          <Stack gap="xs">
            <Text>
              {tellKeys(name, prefix, range, view)}
              {at === undefined ? ', as they are when it begins.' : `, as they were at ${formatInstant(at)}.`}
            </Text>
            <Text size="sm" c="dimmed">
              One line of JSON for each, as the command leasehold export writes them and an import reads them. What ends
              by itself is exported without its end.
            </Text>
          </Stack>
        </DialogForm>
      )}
      {isRunning && (
        <TransferStatus
          label="Export"
          share={share}
          text={soFar}
          isStopping={phase === 'stopping'}
          onStop={transfer.stop}
        />
      )}
      {(phase === 'done' || phase === 'failed') && (
        <TransferEnd
          isWhole={phase === 'done'}
          error={error}
          onGoOn={transfer.mayGoOn ? () => void transfer.goOn() : undefined}
          onClose={onClose}
        >
          {phase === 'done' ? done : `${soFar} until then. Without its end the file is not kept.`}
          {version !== undefined && (
            <Text size="xs" c="dimmed" mt="xs">
              State <span className="monospace">{version}</span>
            </Text>
          )}
        </TransferEnd>
      )}
    </>
  );
}
