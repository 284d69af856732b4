import { Anchor, Table, Tabs, Text } from '@mantine/core';
import { Link } from 'wouter';

import { formatBytes, formatCount, formatFraction } from '../../parts/format.js';
import { Instant } from '../../parts/instant.js';
import { TableFrame } from '../../parts/table-frame.js';
import { useUrlState } from '../../state/url-state.js';
import { labelOf, type InspectedFile, type InspectedLevel } from './level-bands.js';

const NO_BREAK = { whiteSpace: 'nowrap' } as const;

/** Files one by one, a level at a time; which one stands in the address. */
export function FileTables({ levels }: { readonly levels: readonly InspectedLevel[] }) {
  const [chosen, choose] = useUrlState('level');
  const filled = levels.filter(({ files }) => files > 0);
  const shown = filled.find(({ name }) => name === chosen) ?? filled[0];
  if (shown === undefined) {
    return (
      <Text size="sm" c="dimmed">
        It has no files: everything is in its head.
      </Text>
    );
  }
  return (
    <Tabs value={shown.name} onChange={(name) => choose(name ?? '')} keepMounted={false}>
      <Tabs.List mb="md">
        {filled.map(({ name, files }) => (
          <Tabs.Tab key={name} value={name}>
            {labelOf(name)} ({formatCount(files)})
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {filled.map((level) => (
        <Tabs.Panel key={level.name} value={level.name}>
          <Files level={level} />
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}

function Files({ level: { name, files, first } }: { readonly level: InspectedLevel }) {
  return (
    <>
      <TableFrame label={`Files of ${labelOf(name)}`} minWidth={900} head={headOf(name)}>
        {first.map((file) => (
          <FileRow key={file.id} file={file} level={name} />
        ))}
      </TableFrame>
      <Text size="xs" c="dimmed" mt="xs">
        {files > first.length && `The first ${formatCount(first.length)} of ${formatCount(files)}. `}
        Keys are told by their place among the first and last ones of these files.
      </Text>
    </>
  );
}

/** What merges read of L1 is told of L0, what rewrites would drop of L1. */
function headOf(level: InspectedLevel['name']): readonly string[] {
  const own = level === 'l0' ? ['Reaches into'] : level === 'l1' ? ['Garbage'] : [];
  return ['File', 'Size', 'Entries', 'Commits', 'Keys', ...own, 'Made'];
}

interface FileRowProps {
  readonly file: InspectedFile;
  readonly level: InspectedLevel['name'];
}

function FileRow({ file, level }: FileRowProps) {
  const { id, createdAt, folder, keys, overlaps, garbageShare, deletes, superseded, expiring } = file;
  const notes = [
    deletes > 0 && `${formatCount(deletes)} deletes`,
    superseded > 0 && `${formatCount(superseded)} superseded`,
    expiring > 0 && `${formatCount(expiring)} that expire`,
  ].filter((note) => note !== false);
  return (
    <Table.Tr>
      <Table.Td>
        <Text span ff="monospace" size="sm">
          {id}
        </Text>
        {folder !== null && (
          <Text size="xs" c="dimmed">
            in the folder of{' '}
            <Anchor component={Link} to={`/operator/databases/${folder}`} size="xs">
              {folder}
            </Anchor>
          </Text>
        )}
      </Table.Td>
      <Table.Td style={NO_BREAK}>{formatBytes(file.sizeBytes)}</Table.Td>
      <Table.Td>
        {formatCount(file.entries)}
        {notes.length > 0 && (
          <Text size="xs" c="dimmed">
            {notes.join(', ')}
          </Text>
        )}
      </Table.Td>
      <Table.Td style={NO_BREAK}>{span(file.firstSequence, file.lastSequence)}</Table.Td>
      <Table.Td style={NO_BREAK}>{keys === null ? '' : span(keys.from + 1, keys.to + 1)}</Table.Td>
      {level === 'l0' && <Table.Td style={NO_BREAK}>{formatCount(overlaps ?? 0)} of L1</Table.Td>}
      {level === 'l1' && <Table.Td style={NO_BREAK}>{formatFraction((garbageShare ?? 0) * 100)} %</Table.Td>}
      <Table.Td>
        <Instant at={createdAt} />
      </Table.Td>
    </Table.Tr>
  );
}

function span(from: number, to: number): string {
  return from === to ? formatCount(from) : `${formatCount(from)} – ${formatCount(to)}`;
}
