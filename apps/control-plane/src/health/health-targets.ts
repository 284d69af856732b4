import { PART_KINDS, type PartKind } from './part-health.js';

/** A process whose `/readyz` is asked. */
export interface HealthTarget {
  readonly kind: PartKind;
  readonly url: string;
}

/** Of one setting. */
const MAX_TARGETS = 100;

/** `gateway=http://gateway-1:4000 compactor=http://compactor:4000`; undefined: it is not so. */
export function parseHealthTargets(text: string): readonly HealthTarget[] | undefined {
  const words = text.split(/\s+/).filter((word) => word !== '');
  const targets = words.map(targetOf).filter((target) => target !== undefined);
  return targets.length === words.length && targets.length <= MAX_TARGETS ? targets : undefined;
}

function targetOf(word: string): HealthTarget | undefined {
  const at = word.indexOf('=');
  const kind = PART_KINDS.find((known) => known === word.slice(0, Math.max(0, at)));
  const url = word.slice(at + 1);
  return kind !== undefined && /^https?:\/\/[^\s/@]+\/?$/.test(url) ? { kind, url } : undefined;
}
