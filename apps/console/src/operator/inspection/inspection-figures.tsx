import { Anchor } from '@mantine/core';
import { Link } from 'wouter';

import type { Schemas } from '../../api/control.js';
import { Figures } from '../../parts/figures.js';
import { countOf, formatBytes, formatCount, formatSeconds } from '../../parts/format.js';
import { Instant } from '../../parts/instant.js';

type Inspection = Schemas['Inspection'];

/** Who owns it, how far it is, and how large. */
export function InspectionFigures({ inspection }: { readonly inspection: Inspection }) {
  const { head, owner, held, retention } = inspection;
  const { lastCommit } = head;
  return (
    <Figures
      figures={[
        { label: 'Owner', value: ownerOf(inspection), note: owner && `${owner.state}, on ${owner.host ?? 'a host'}` },
        {
          label: 'Epoch',
          value: formatCount(head.epoch),
          note: held && (
            <>
              owned since <Instant at={held.ownedSince} />
            </>
          ),
        },
        {
          label: 'Last commit in the head',
          value: formatCount(lastCommit.sequence),
          note: (
            <>
              <Instant at={lastCommit.at} />, epoch {lastCommit.epoch}
            </>
          ),
        },
        logFigure(inspection),
        {
          label: 'Live data',
          value: formatBytes(head.liveBytes),
          note: `${countOf(head.entries, 'entry', 'entries')} at most`,
        },
        { label: 'History', value: formatBytes(head.historyBytes), note: windowOf(retention.windowMs) },
        {
          label: 'Readable from',
          value: retention.fromSequence === 0 ? 'Its beginning' : `Commit ${formatCount(retention.fromSequence)}`,
          note: retention.fromAt && <Instant at={retention.fromAt} />,
        },
        {
          label: 'Head',
          value: formatBytes(head.sizeBytes),
          note: (
            <>
              {countOf(head.edits, 'edit')}, the last <Instant at={head.editedAt} none="at an unknown time" />
            </>
          ),
        },
      ]}
    />
  );
}

function ownerOf({ head, owner }: Inspection) {
  if (owner === null) return head.owner === null ? 'Nobody' : 'A session that is gone';
  return (
    <Anchor component={Link} to={`/operator/fleet/${owner.session}`} ff="monospace" fz="sm">
      {owner.session}
    </Anchor>
  );
}

/** Commits that the head does not contain: known to the owner alone. */
function logFigure({ head, held }: Inspection) {
  if (held === null) {
    return {
      label: 'In the log alone',
      value: head.owner === null ? 'Nothing' : 'Not known',
      note: 'no owner answers',
    };
  }
  const commits = Math.max(0, held.acceptedSequence - head.lastCommit.sequence);
  const open = held.acceptedSequence - held.durableSequence;
  return {
    label: 'In the log alone',
    value: `${formatCount(commits)} ${commits === 1 ? 'commit' : 'commits'}`,
    note: `${formatBytes(held.unflushedBytes)}, to commit ${formatCount(held.acceptedSequence)}${
      open > 0 ? `; ${formatCount(open)} not durable yet` : ''
    }`,
  };
}

function windowOf(windowMs: number): string {
  return windowMs === 0 ? 'none is promised' : `promised for ${formatSeconds(Math.floor(windowMs / 1_000))}`;
}
