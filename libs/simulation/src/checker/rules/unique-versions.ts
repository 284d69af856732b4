import type { Call, DatabaseHistory, VersionText } from '../../history/history.js';
import { acknowledgedAt, isTransaction, nameOf } from '../course/calls.js';
import type { Course } from '../course/course.js';

/** A sequence names one commit, of one epoch, and a version never stands for two contents. */
export function uniqueVersions({ database }: Course): readonly string[] {
  return [
    ...faultsOfCommits(database),
    ...faultsOfFrames(database),
    ...faultsOfAcknowledgements(database),
    ...faultsOfShown(database),
  ];
}

function faultsOfCommits({ commits = [] }: DatabaseHistory): string[] {
  const seen = new Set<number>();
  return commits.flatMap(({ version }) => {
    if (seen.has(version.sequence)) return [`two commits have the sequence ${version.sequence}`];
    seen.add(version.sequence);
    return [];
  });
}

/** Zombies may land what does not count any more, but nobody writes two things under one name. */
function faultsOfFrames({ frames }: DatabaseHistory): string[] {
  const digests = new Map<string, { readonly digest: string; readonly where: string }>();
  return frames.flatMap(({ session, segment, epoch, firstSequence, lastSequence, digests: told }) => {
    const where = `segment ${segment} of ${session}`;
    if (told.length !== lastSequence - firstSequence + 1)
      return [`${where} tells ${told.length} commits from ${firstSequence} to ${lastSequence}`];
    return told.flatMap((digest, i) => {
      const version = nameOf({ epoch, sequence: firstSequence + i });
      const known = digests.get(version);
      if (known === undefined) digests.set(version, { digest, where });
      return known === undefined || known.digest === digest
        ? []
        : [`version ${version} is one thing in ${known.where} and another in ${where}`];
    });
  });
}

function faultsOfAcknowledgements({ calls }: DatabaseHistory): string[] {
  const owners = new Map<number, string>();
  return calls.flatMap((call) => {
    const version = isTransaction(call) ? acknowledgedAt(call) : undefined;
    if (version === undefined) return [];
    const owner = owners.get(version.sequence);
    owners.set(version.sequence, owner ?? call.id);
    return owner === undefined ? [] : [`${owner} and ${call.id} were both acknowledged at ${version.sequence}`];
  });
}

/** All that was ever shown of one version of a key is the same, and one sequence is of one epoch. */
function faultsOfShown({ calls, commits = [] }: DatabaseHistory): string[] {
  const epochs = new Map<number, { readonly epoch: number; readonly by: string }>();
  const values = new Map<string, { readonly value: string; readonly by: string }>();
  const faults: string[] = [];
  const seeVersion = ({ epoch, sequence }: VersionText, by: string): void => {
    if (sequence === 0) return;
    const known = epochs.get(sequence);
    if (known === undefined) epochs.set(sequence, { epoch, by });
    else if (known.epoch !== epoch)
      faults.push(`sequence ${sequence} is of epoch ${known.epoch} for ${known.by} and of ${epoch} for ${by}`);
  };
  const see = (key: string, value: string, version: VersionText, by: string): void => {
    seeVersion(version, by);
    const place = `${version.sequence} ${key}`;
    const known = values.get(place);
    if (known === undefined) values.set(place, { value, by });
    else if (known.value !== value)
      faults.push(`version ${version.sequence} of ${key} has one value for ${known.by} and another for ${by}`);
  };
  for (const { version, entries } of commits) {
    seeVersion(version, 'the commits');
    for (const { key, kind, value } of entries) if (kind === 'put') see(key, value, version, 'the commits');
  }
  for (const call of calls) seeAnswer(call, see, seeVersion);
  return faults;
}

function seeAnswer(
  { id, request, answer }: Call,
  see: (key: string, value: string, version: VersionText, by: string) => void,
  seeVersion: (version: VersionText, by: string) => void,
): void {
  switch (answer.kind) {
    case 'committed':
      return seeVersion(answer.version, id);
    case 'refused':
      return answer.present && seeVersion(answer.present, id);
    case 'entry':
      if (answer.entry && request.kind === 'get') see(request.key, answer.entry.value, answer.entry.version, id);
      return;
    case 'snapshot':
      for (const { key, value, version } of answer.entries) see(key, value, version, id);
      // Of a version of the past only the sequence is told exactly.
      if (request.kind === 'snapshot' && request.at === undefined) seeVersion(answer.version, id);
      return;
    case 'feed':
      for (const { version, entries } of answer.commits) {
        seeVersion(version, id);
        for (const { key, kind, value } of entries) if (kind === 'put') see(key, value, version, id);
      }
  }
}
