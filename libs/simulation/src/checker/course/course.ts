import type { DatabaseHistory } from '../../history/history.js';
import { Replay } from '../model/replay.js';
import type { Authors } from './authors.js';
import { Attribution } from './authors.js';
import type { Ground } from './conditions.js';
import { explain } from './explanations.js';
import { Instants } from './instants.js';
import { tellSightings } from './sightings.js';
import { Timeline } from './timeline.js';

export interface JudgeSettings {
  /** By how much a clock of an owner may differ from true time, ms. */
  readonly clockSkewMs: number;
}

/** What happened to a database, as far as calls and commits tell. Several rules read it; none changes it. */
export interface Course {
  readonly database: DatabaseHistory;
  readonly timeline: Timeline;
  /** Undefined where not every commit is known. */
  readonly known: KnownCourse | undefined;
}

export interface KnownCourse extends Ground {
  readonly authors: Authors;
  /** Answers that no version explains, in words. */
  readonly unexplained: readonly string[];
}

export function courseOf(database: DatabaseHistory, { clockSkewMs }: JudgeSettings): Course {
  const { calls, commits } = database;
  const timeline = new Timeline();
  const replay = commits && new Replay(commits);
  tellSightings(calls, timeline, replay);
  if (commits === undefined || replay === undefined) return { database, timeline, known: undefined };
  const ground: Ground = { replay, timeline, instants: new Instants(replay, timeline, clockSkewMs) };
  const authors = new Attribution(database, commits, ground).authors();
  return { database, timeline, known: { ...ground, authors, unexplained: explain(calls, ground) } };
}
