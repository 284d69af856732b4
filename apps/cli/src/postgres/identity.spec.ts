import { describe, expect, it } from '@jest/globals';
import { decideIdentity, type Surroundings } from './identity.js';

const POSTGRES = { uid: 101, gid: 104 };
const around = (given: Partial<Surroundings>): Surroundings => ({
  uid: 0,
  owner: undefined,
  accounts: [POSTGRES],
  closedFolder: undefined,
  hasSetpriv: true,
  ...given,
});

describe('identity of Postgres', () => {
  it('stays who it is when nobody is root', () => {
    const identity = decideIdentity(around({ uid: 1000, hasSetpriv: false }));
    expect(identity).toEqual({ account: undefined, prefix: [], spawnAs: {} });
  });

  it('ends with its guard where the system can do that', () => {
    expect(decideIdentity(around({ uid: 1000 })).prefix).toEqual(['setpriv', '--pdeathsig', 'INT', '--']);
  });

  it('gives up every right of root when the way to the data is open', () => {
    const { account, prefix } = decideIdentity(around({}));
    expect(account).toEqual(POSTGRES);
    expect(prefix).toContain('--reuid');
    expect(prefix.join(' ')).not.toContain('dac_override');
  });

  it('keeps the one right to pass through a folder of root', () => {
    const { prefix } = decideIdentity(around({ closedFolder: '/root' }));
    expect(prefix.join(' ')).toContain('--inh-caps +dac_override --ambient-caps +dac_override');
  });

  it('goes on as the owner of an existing cluster', () => {
    const owner = { uid: 1000, gid: 1000 };
    expect(decideIdentity(around({ owner })).account).toEqual(owner);
    expect(decideIdentity(around({ owner: { uid: 0, gid: 0 } })).account).toEqual(POSTGRES);
  });

  it('changes the account itself without setpriv', () => {
    expect(decideIdentity(around({ hasSetpriv: false }))).toEqual({ account: POSTGRES, prefix: [], spawnAs: POSTGRES });
  });

  it('explains what it cannot do', () => {
    expect(() => decideIdentity(around({ hasSetpriv: false, closedFolder: '/root' }))).toThrow('may not enter /root');
    expect(() => decideIdentity(around({ accounts: [] }))).toThrow('refuses to run as root');
  });
});
