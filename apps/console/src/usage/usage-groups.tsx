import { Anchor, Table, Text } from '@mantine/core';
import { Link } from 'wouter';

import { useDatabaseNames } from '../databases/database-names.js';
import { useKeyNames } from '../keys/key-names.js';
import { ScreenState } from '../parts/screen-state.js';
import { TableFrame } from '../parts/table-frame.js';
import { groupIdOf, keyOfGroup, namelessGroup, type GroupId } from './group-id.js';
import { METERS, sumOf, type UsageRow } from './meters.js';
import { useUsage, type UsageQuestion } from './use-usage.js';

/** Rows on the screen, the largest in front; all of them are in the export. */
const MAX_GROUPS = 200;

interface UsageGroup {
  readonly id: GroupId;
  readonly rows: readonly UsageRow[];
}

/** The time as a whole, by what used it. */
export function UsageGroups({ question }: { readonly question: UsageQuestion }) {
  const usage = useUsage({ ...question, step: stepOf(question) });
  const shown = METERS.filter(({ meter }) => question.group !== 'key' || meter !== 'storedGbHours');
  return (
    <ScreenState query={usage}>
      {({ rows, isCut }) => {
        const groups = groupsOf(rows);
        return (
          <>
            <TableFrame label={`Usage by ${question.group}`} head={[question.group, ...shown.map(({ name }) => name)]}>
              {groups.slice(0, MAX_GROUPS).map(({ id, rows: own }) => (
                <Table.Tr key={keyOfGroup(id)}>
                  <Table.Td>
                    <GroupName group={question.group} id={id} />
                  </Table.Td>
                  {shown.map(({ meter, format }) => (
                    <Table.Td key={meter}>{format(sumOf(own, meter))}</Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </TableFrame>
            {(isCut || groups.length > MAX_GROUPS) && (
              <Text size="sm" c="dimmed">
                {isCut
                  ? 'There is more than is added up here. The download has all of it.'
                  : 'These are not all of them. The download has the rest.'}
              </Text>
            )}
          </>
        );
      }}
    </ScreenState>
  );
}

/**
 * The time as a whole is wanted: by month each database has a row or some, and a thousand of them are added up whole. All keys and labels of a month
 * would be one look at all databases, however many there are.
 */
function stepOf({ group, step }: UsageQuestion): UsageQuestion['step'] {
  return group === 'database' ? 'month' : step;
}

export function GroupName({ group, id }: { readonly group: string; readonly id: GroupId }) {
  const databases = useDatabaseNames(group === 'database');
  const keys = useKeyNames(group === 'key');
  const nameless = namelessGroup(group, id);
  if (id === null || nameless !== undefined)
    return (
      <Text inherit c="dimmed">
        {nameless}
      </Text>
    );
  if (group === 'key') return <span title={id}>{keys.get(id) ?? id}</span>;
  const name = databases.get(id);
  if (group !== 'database' || name === undefined) return <span title={id}>{id}</span>;
  return (
    <Anchor component={Link} to={`/databases/${name}`}>
      {name}
    </Anchor>
  );
}

/** By what they are of, those that used most in front. */
function groupsOf(rows: readonly UsageRow[]): readonly UsageGroup[] {
  const byId = new Map<GroupId, UsageRow[]>();
  for (const row of rows) {
    const id = groupIdOf(row);
    const own = byId.get(id);
    if (own) own.push(row);
    else byId.set(id, [row]);
  }
  const weightOf = ({ rows: own }: UsageGroup) => sumOf(own, 'readUnits') + sumOf(own, 'writeUnits');
  return [...byId].map(([id, own]) => ({ id, rows: own })).sort((one, other) => weightOf(other) - weightOf(one));
}
