import type { Schemas } from '../api/control.js';
import { labelChange, labelsOf, typedLabels } from '../databases/labels.js';

type Settings = Pick<
  Schemas['Database'],
  'labels' | 'deleteProtection' | 'expiresAt' | 'retentionSeconds' | 'sizeLimitBytes' | 'undeleteSeconds'
>;

/** The settings of a database as they stand in a form; empty is null. */
export interface SettingsDraft {
  readonly labels: readonly string[];
  readonly deleteProtection: boolean;
  /** As an input of local time has it: `2030-01-31T12:00`. */
  readonly expiresAt: string;
  readonly retentionHours: number | string;
  readonly sizeLimitMegabytes: number | string;
  readonly undeleteHours: number | string;
}

const HOUR_SECONDS = 3_600;
const MEGABYTE = 1_000_000;
const MINUTE_MS = 60_000;

export function draftOf(settings: Settings): SettingsDraft {
  const { labels, deleteProtection, expiresAt, retentionSeconds, sizeLimitBytes, undeleteSeconds } = settings;
  return {
    labels: typedLabels(labels),
    deleteProtection,
    expiresAt: expiresAt === null ? '' : localInputOf(new Date(expiresAt)),
    retentionHours: retentionSeconds === null ? '' : retentionSeconds / HOUR_SECONDS,
    sizeLimitMegabytes: sizeLimitBytes === null ? '' : sizeLimitBytes / MEGABYTE,
    undeleteHours: undeleteSeconds / HOUR_SECONDS,
  };
}

/** What has to be said to the API: only what differs from what was shown. */
export function changeOf(settings: Settings, draft: SettingsDraft): Schemas['DatabaseChange'] {
  const shown = draftOf(settings);
  const isChanged = (member: keyof SettingsDraft) => draft[member] !== shown[member];
  const labels = labelChange(settings.labels, labelsOf(draft.labels));
  return {
    ...(Object.keys(labels).length > 0 && { labels }),
    ...(isChanged('deleteProtection') && { deleteProtection: draft.deleteProtection }),
    ...(isChanged('expiresAt') && {
      expiresAt: draft.expiresAt === '' ? null : new Date(draft.expiresAt).toISOString(),
    }),
    ...(isChanged('retentionHours') && { retentionSeconds: scaled(draft.retentionHours, HOUR_SECONDS) }),
    ...(isChanged('sizeLimitMegabytes') && { sizeLimitBytes: scaled(draft.sizeLimitMegabytes, MEGABYTE) }),
    ...(isChanged('undeleteHours') && { undeleteSeconds: scaled(draft.undeleteHours, HOUR_SECONDS) ?? HOUR_SECONDS }),
  };
}

function scaled(typed: number | string, unit: number): number | null {
  return typed === '' ? null : Math.round(Number(typed) * unit);
}

function localInputOf(date: Date): string {
  return new Date(date.getTime() - date.getTimezoneOffset() * MINUTE_MS).toISOString().slice(0, 16);
}
