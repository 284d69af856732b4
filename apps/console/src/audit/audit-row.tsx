import { Anchor, Button, Code, Table, Text } from '@mantine/core';
import { useState } from 'react';

import type { Schemas } from '../api/control.js';
import { Instant } from '../parts/instant.js';
import { changedMembers } from './changed-members.js';

export type AuditEntry = Schemas['AuditPage']['entries'][number];

interface AuditRowProps {
  readonly entry: AuditEntry;
  readonly onActor: (id: string) => void;
  readonly onSubject: (id: string) => void;
}

/** One change; how it was before and after is shown when it is wanted. */
export function AuditRow({ entry, onActor, onSubject }: AuditRowProps) {
  const [isOpen, setIsOpen] = useState(false);
  const { at, action, subject, actor, address, agent, requestId } = entry;
  return (
    <>
      <Table.Tr>
        <Table.Td>
          <Instant at={at} />
        </Table.Td>
        <Table.Td>
          <Code>{action}</Code>
        </Table.Td>
        <Table.Td>
          <Party {...subject} onChoose={onSubject} />
        </Table.Td>
        <Table.Td>
          <Party {...actor} onChoose={onActor} />
        </Table.Td>
        <Table.Td>
          <Text inherit maw="12rem" truncate title={agent ?? undefined}>
            {address ?? ''}
          </Text>
        </Table.Td>
        <Table.Td>
          <Button
            variant="subtle"
            size="compact-sm"
            aria-expanded={isOpen}
            onClick={() => setIsOpen(!isOpen)}
            aria-label={`Details of ${action}`}
          >
            Details
          </Button>
        </Table.Td>
      </Table.Tr>
      {isOpen && (
        <Table.Tr>
          <Table.Td colSpan={6}>
            <Table variant="vertical" withRowBorders={false} maw="44rem">
              <Table.Tbody>
                {changedMembers(entry.before, entry.after).map(({ name, before, after }) => (
                  <Table.Tr key={name}>
                    <Table.Th w="12rem">{name}</Table.Th>
                    <Table.Td>
                      <Code>{before}</Code> → <Code>{after}</Code>
                    </Table.Td>
                  </Table.Tr>
                ))}
                <Table.Tr>
                  <Table.Th w="12rem">Program</Table.Th>
                  <Table.Td>{agent ?? 'not known'}</Table.Td>
                </Table.Tr>
                <Table.Tr>
                  <Table.Th w="12rem">Request</Table.Th>
                  <Table.Td>{requestId ?? 'none'}</Table.Td>
                </Table.Tr>
              </Table.Tbody>
            </Table>
          </Table.Td>
        </Table.Tr>
      )}
    </>
  );
}

interface PartyProps {
  readonly kind: string;
  readonly id: string | null;
  readonly name: string | null;
  readonly onChoose: (id: string) => void;
}

/** A person, a key or a thing; chosen, only entries of it are shown. */
function Party({ kind, id, name, onChoose }: PartyProps) {
  return (
    <>
      {id === null ? (
        (name ?? '')
      ) : (
        <Anchor component="button" type="button" size="sm" ta="left" onClick={() => onChoose(id)} title={id}>
          {name ?? id}
        </Anchor>
      )}
      <Text size="xs" c="dimmed">
        {kind}
      </Text>
    </>
  );
}
