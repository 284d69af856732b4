import { accessSync } from 'node:fs';

export const LANES = ['unit', 'simulation', 'conformance', 'integration', 'e2e'] as const;
export type Lane = (typeof LANES)[number];

export function isLane(name: string): name is Lane {
  return (LANES as readonly string[]).includes(name);
}

/** A server or program that some tests of a lane need and that cannot come from npm. */
export interface Requirement {
  readonly name: string;
  readonly lanes: readonly Lane[];
  /** How somebody gets it and tells us. */
  readonly remedy: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const REDIS: Requirement = {
  name: 'a Redis server',
  lanes: ['integration'],
  remedy: 'apt-get install redis-server; set TEST_REDIS_URL=redis://127.0.0.1:6379',
};
const S3: Requirement = {
  name: 'a real S3 server',
  lanes: ['conformance', 'integration'],
  remedy:
    'node tools/test-servers/main.mjs up /tmp/servers s3 starts one from Debian packages (as root) and prints the TEST_S3_* variables',
};
const BROWSER: Requirement = {
  name: 'a browser',
  lanes: ['e2e'],
  remedy: 'apt-get install chromium, or set CHROMIUM_PATH',
};

export const CHROMIUM_DEFAULT = '/usr/bin/chromium';

/** What is missing here for the chosen lanes. */
export function missingRequirements(
  lanes: readonly Lane[],
  env: Environment,
  isPresent: (file: string) => boolean = fileIsPresent,
): readonly Requirement[] {
  const missing: Requirement[] = [];
  if (!env['TEST_REDIS_URL']) missing.push(REDIS);
  if (!env['TEST_S3_ENDPOINT']) missing.push(S3);
  if (!isPresent(env['CHROMIUM_PATH'] || CHROMIUM_DEFAULT)) missing.push(BROWSER);
  return missing.filter((requirement) => requirement.lanes.some((lane) => lanes.includes(lane)));
}

function fileIsPresent(file: string): boolean {
  try {
    accessSync(file);
    return true;
  } catch {
    return false;
  }
}
