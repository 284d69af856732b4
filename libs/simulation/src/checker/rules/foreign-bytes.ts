import type { CommitText } from '../../history/history.js';
import { isCounted } from '../../history/values.js';
import type { Course } from '../course/course.js';
import { counterOf } from '../model/counter.js';
import { writerOf } from '../model/writer-of.js';

/** Every value that anybody was shown, or that was committed, is marked as the database's own. */
export function foreignBytes({ database }: Course): readonly string[] {
  const { calls, commits = [], tag } = database;
  const faults: string[] = [];
  const see = (key: string, value: string, by: string): void => {
    if (!isOwn(tag, key, value)) faults.push(`${by}: ${key} holds ${JSON.stringify(value.slice(0, 40))}`);
  };
  const seeCommit = ({ version, entries }: CommitText, by: string): void => {
    for (const { key, kind, value } of entries) if (kind === 'put') see(key, value, `${by} of ${version.sequence}`);
  };
  for (const commit of commits) seeCommit(commit, 'the commit');
  for (const { id, request, answer } of calls) {
    if (answer.kind === 'entry' && answer.entry && request.kind === 'get') see(request.key, answer.entry.value, id);
    if (answer.kind === 'snapshot') for (const { key, value } of answer.entries) see(key, value, id);
    if (answer.kind === 'feed') for (const commit of answer.commits) seeCommit(commit, id);
  }
  return faults;
}

/** Behind the tag comes what no longer tag could go on with. */
function isOwn(tag: string, key: string, value: string): boolean {
  return (isCounted(key) ? counterOf : writerOf)(tag, value) !== undefined;
}
