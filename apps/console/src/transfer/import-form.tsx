import type { Database } from '@leasehold/client';
import { linesOf, MAX_LINE_BYTES } from '@leasehold/protocol/json-lines';
import { Alert, FileInput, Text, VisuallyHidden } from '@mantine/core';
import { useState } from 'react';

import { useDatabaseName } from '../api/database-name.js';
import { DialogForm } from '../parts/dialog-form.js';
import { formatBytes } from '../parts/format.js';
import { tell } from '../parts/toasts.js';
import { chunksOf } from './chunks-of.js';
import { batchesOf } from './import-batches.js';
import { ImportRun, type ImportProgress } from './import-run.js';
import { partlyText, wholeText } from './import-text.js';
import { TransferEnd } from './transfer-end.js';
import { entriesText, shareOf, spokenProgress } from './transfer-progress.js';
import { TransferStatus } from './transfer-status.js';
import { useTransfer } from './use-transfer.js';

export interface ImportFormProps {
  readonly data: Database;
  readonly onHold: (isHeld: boolean) => void;
  /** Something was written. */
  readonly onImported: () => void;
  readonly onClose: () => void;
}

/** As the command line cuts them: a round trip is for many, and the retry of one is not for much. */
const BATCH = { maxEntries: 500, maxBytes: 1024 * 1024, nowMs: () => Date.now() };
const NOTHING: ImportProgress = { entries: 0, expired: 0, position: 0 };
const ID_BYTES = 16;

/** Writes the entries of a file over what is there. */
export function ImportForm({ data, onHold, onImported, onClose }: ImportFormProps) {
  const name = useDatabaseName();
  const transfer = useTransfer(onHold);
  const [file, setFile] = useState<File | null>(null);
  const [run, setRun] = useState<ImportRun>();
  const [progress, setProgress] = useState(NOTHING);
  const { phase, error } = transfer;
  const { entries, expired, position } = progress;

  const seeToItsEnd = async (ended: Promise<boolean>, importRun: ImportRun) => {
    const isSeen = await ended;
    onImported();
    if (!isSeen) tell(partlyText(importRun.progress.entries, undefined));
  };
  const begin = async (chosen: File) => {
    const lines = linesOf(chunksOf(chosen.stream()), { from: 0, maxLineBytes: MAX_LINE_BYTES });
    const importRun = new ImportRun(data.bytes, batchesOf(lines, BATCH), newId(), setProgress);
    setRun(importRun);
    await seeToItsEnd(transfer.start(importRun), importRun);
  };
  const goOn = run && transfer.mayGoOn ? () => void seeToItsEnd(transfer.goOn(), run) : undefined;

  const share = shareOf(position, file?.size);
  const isRunning = phase === 'running' || phase === 'stopping';
  const isAsked = phase === 'asked';
  const written = phase === 'done' ? wholeText(entries) : partlyText(entries, error);
  return (
    <>
      <VisuallyHidden role="status" aria-live="polite">
        {isRunning ? spokenProgress(entries, share) : isAsked ? '' : written}
      </VisuallyHidden>
      {isAsked && (
        <DialogForm
          action="Import"
          change={{ isPending: false, error: null }}
          isReady={file !== null}
          onGiven={() => file && void begin(file)}
          onClose={onClose}
        >
          <FileInput
            label="File"
            description="Lines of JSON, as an export writes them."
            placeholder="Choose a file"
            accept=".jsonl,.ndjson,.json,.txt,application/jsonl"
            value={file}
            onChange={setFile}
          />
          <Alert color="yellow" p="xs">
            Each entry of the file is written into {name}. A key that is there already gets the value of the file; what
            else is there stays. What was written before a mistake in the file, or before you cancel, stays written.
          </Alert>
        </DialogForm>
      )}
      {isRunning && (
        <TransferStatus
          label="Import"
          share={share}
          text={`${entriesText(entries)}, ${formatBytes(position)} of ${formatBytes(file?.size ?? 0)}`}
          isStopping={phase === 'stopping'}
          onStop={transfer.stop}
        />
      )}
      {!isAsked && !isRunning && (
        <TransferEnd isWhole={phase === 'done'} error={error} onGoOn={goOn} onClose={onClose}>
          {written}
          {expired > 0 && (
            <Text size="sm" c="dimmed" mt="xs">
              Passed over, because it had ended: {entriesText(expired)}.
            </Text>
          )}
        </TransferEnd>
      )}
    </>
  );
}

/** Not `randomUUID`, which pages lack that came without TLS. */
function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(ID_BYTES)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}
