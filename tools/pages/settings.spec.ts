import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';
import { serviceConfig, storeConfig } from '@leasehold/service-kit';

import { compactorConfig } from '../../apps/compactor/src/config.js';
import { controlPlaneConfig } from '../../apps/control-plane/src/config.js';
import { gatewayConfig } from '../../apps/gateway/src/config.js';
import { fleetWorkerConfig } from '../../apps/worker/src/fleet-worker.js';
import { pathInCheckout } from '../checkout/checkout-files.js';

const PAGE = 'docs/operations/settings.md';
const UNITS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  day: 86_400_000,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

type Settings = Readonly<Record<string, { safeParse(value: unknown): { readonly success: boolean; data?: unknown } }>>;

/** What every service has, or every one with a bucket, is told once. */
const shared = new Set([...Object.keys(serviceConfig.shape), ...Object.keys(storeConfig.shape)]);
const ownOf = (settings: Settings): Settings =>
  Object.fromEntries(Object.entries(settings).filter(([name]) => !shared.has(name)));

const SECTIONS: readonly (readonly [section: string, settings: Settings])[] = [
  ['Every service', serviceConfig.shape],
  ['The bucket: gateway, worker, compactor', storeConfig.shape],
  ['Gateway', ownOf(gatewayConfig.shape)],
  ['Worker', ownOf(fleetWorkerConfig.shape)],
  ['Compactor', ownOf(compactorConfig.shape)],
  ['Control plane', ownOf(controlPlaneConfig.shape)],
];

interface Row {
  readonly names: readonly string[];
  readonly stated: string;
}

function rowsOf(section: string): readonly Row[] {
  const text = readFileSync(pathInCheckout(PAGE), 'utf8');
  const part = text.split(/^## /m).find((one) => one.startsWith(`${section}\n`)) ?? '';
  return Array.from(part.matchAll(/^\| (`[^|]*)\|([^|]*)\|/gm), ([, first = '', stated = '']) => ({
    names: Array.from(first.matchAll(/`([A-Z0-9_]+)`/g), ([, name = '']) => name).filter(
      (name) => !shared.has(name) || section === 'Every service' || section.startsWith('The bucket'),
    ),
    stated: stated.trim().replaceAll('`', ''),
  }));
}

/** `10 000`, `32 MiB`, `1 h`, `true`, `fast`. */
function valueOf(stated: string): unknown {
  const [, digits, unit] = /^(\d[\d\s]*?)(?:\s(h|day|MiB|GiB))?$/.exec(stated) ?? [];
  if (digits !== undefined)
    return Number(digits.replaceAll(/\s/g, '')) * (unit === undefined ? 1 : (UNITS[unit] ?? NaN));
  return stated === 'true' || stated === 'false' ? stated === 'true' : stated;
}

describe(PAGE, () => {
  it.each(SECTIONS)('has every setting of "%s", and no other', (section, settings) => {
    const told = rowsOf(section).flatMap(({ names }) => names);
    expect([...told].sort()).toEqual(Object.keys(settings).sort());
  });

  it.each(SECTIONS)('says what those of "%s" are when they are not set', (section, settings) => {
    const wrong = rowsOf(section).flatMap(({ names, stated }) => {
      const [name = '', second] = names;
      const setting = settings[name];
      if (setting === undefined || second !== undefined) return [];
      const { success, data } = setting.safeParse(undefined);
      const isTold = success ? data === undefined || data === valueOf(stated) : stated === 'required';
      return isTold ? [] : [`${name} is ${success ? String(data) : 'required'} and not ${stated}`];
    });
    expect(wrong).toEqual([]);
  });
});

describe('docker-compose.yml', () => {
  const text = readFileSync(pathInCheckout('docker-compose.yml'), 'utf8');
  const namesIn = (block: string) => Array.from(block.matchAll(/^ +([A-Z][A-Z0-9_]+):/gm), ([, name = '']) => name);
  const blockOf = (name: string, indent: string) =>
    new RegExp(`^${indent}${name}:.*\\n((?:${indent} .*\\n)+)`, 'm').exec(text)?.[1] ?? '';
  const common = ['x-store', 'x-metadata'].flatMap((name) => namesIn(blockOf(name, '')));

  it.each([
    ['gateway', gatewayConfig.shape],
    ['worker-1', fleetWorkerConfig.shape],
    ['compactor', compactorConfig.shape],
    ['control-plane', controlPlaneConfig.shape],
  ] as readonly (readonly [string, Settings])[])(
    'gives %s what it requires, and nothing that it does not know',
    (service, settings) => {
      const given = [...common, ...namesIn(blockOf(service, '  '))];
      const required = Object.entries(settings).filter(([, setting]) => !setting.safeParse(undefined).success);
      expect(given.filter((name) => !(name in settings))).toEqual([]);
      expect(required.map(([name]) => name).filter((name) => !given.includes(name))).toEqual([]);
      expect(given).toContain('S3_BUCKET');
    },
  );
});
