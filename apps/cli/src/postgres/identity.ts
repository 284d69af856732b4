import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { CliError } from '../cli-error.js';

const run = promisify(execFile);

/** Tried in this order when root starts Postgres, which refuses to run as root. Every Unix has `nobody`. */
const ACCOUNTS = ['postgres', 'nobody'];

/**
 * The right to pass through any folder, across the change of account and the start of the program. Without the secure bit,
 * access(2), by which initdb looks for its server, would answer as if the right were not there.
 */
const PASSAGE = [
  ...['--inh-caps', '+dac_override', '--ambient-caps', '+dac_override'],
  ...['--securebits', '+no_setuid_fixup'],
];

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** How to start a program of Postgres. */
export interface Identity {
  /** The account that owns the files; undefined: whoever runs this. */
  readonly account: Account | undefined;
  /** Put before the command. */
  readonly prefix: readonly string[];
  /** For `spawn`, when the prefix does not change the account. */
  readonly spawnAs: { readonly uid?: number; readonly gid?: number };
}

export interface Surroundings {
  /** Of this process; undefined on Windows. */
  readonly uid: number | undefined;
  /** Of the existing cluster's files; undefined when there are none. */
  readonly owner: Account | undefined;
  readonly accounts: readonly Account[];
  /** A folder on the way to the data or the binaries that others may not enter. */
  readonly closedFolder: string | undefined;
  /** util-linux's setpriv is there and can be told to end the child with its parent. */
  readonly hasSetpriv: boolean;
}

/**
 * Decides as whom Postgres runs. As root, its files get an unprivileged owner; when the way to them leads through folders
 * of root alone (a clone under /root, data in a fresh `mktemp -d`), the process keeps the one right to pass through them.
 * @throws CliError when there is no such account, or no way to it.
 */
export function decideIdentity(given: Surroundings): Identity {
  const withParent = given.hasSetpriv ? ['setpriv', '--pdeathsig', 'INT'] : [];
  if (given.uid !== 0) return { account: undefined, prefix: asCommand(withParent), spawnAs: {} };

  const owner = given.owner?.uid === 0 ? undefined : given.owner;
  const account = owner ?? given.accounts[0];
  if (account === undefined) {
    throw new CliError(
      `Postgres refuses to run as root and there is no account ${ACCOUNTS.join(' or ')}; start as another user or set DATABASE_URL`,
    );
  }
  if (!given.hasSetpriv) {
    if (given.closedFolder !== undefined) {
      throw new CliError(
        `Postgres refuses to run as root, and other users may not enter ${given.closedFolder}; install util-linux (setpriv), choose another --data, or set DATABASE_URL`,
      );
    }
    return { account, prefix: [], spawnAs: account };
  }
  const passage = given.closedFolder === undefined ? [] : PASSAGE;
  const become = ['--reuid', String(account.uid), '--regid', String(account.gid), '--clear-groups'];
  return { account, prefix: asCommand([...withParent, ...become, ...passage]), spawnAs: {} };
}

function asCommand(options: readonly string[]): readonly string[] {
  return options.length === 0 ? [] : [...options, '--'];
}

/** Looks at this machine for {@link decideIdentity}. `dataDir` may not exist yet. */
export async function lookAround(dataDir: string, binary: string): Promise<Surroundings> {
  const uid = process.getuid?.();
  const found = await Promise.all(ACCOUNTS.map(findAccount));
  const owner = await stat(dataDir).catch(() => undefined);
  return {
    uid,
    owner: owner && { uid: owner.uid, gid: owner.gid },
    accounts: found.filter((account) => account !== undefined),
    closedFolder: (await findClosedFolder(dirname(dataDir))) ?? (await findClosedFolder(dirname(binary))),
    hasSetpriv: await run('setpriv', ['--pdeathsig', 'INT', '--', process.execPath, '--version']).then(
      () => true,
      () => false,
    ),
  };
}

async function findAccount(name: string): Promise<Account | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
}

const OTHERS_MAY_ENTER = 0o001;

async function findClosedFolder(folder: string): Promise<string | undefined> {
  for (let at = folder; ; at = dirname(at)) {
    const { mode } = await stat(at);
    if ((mode & OTHERS_MAY_ENTER) === 0) return at;
    if (dirname(at) === at) return undefined;
  }
}
