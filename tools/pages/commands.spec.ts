import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

import { beforeAll, describe, expect, it } from '@jest/globals';

import { leaseholdProgram } from '../../apps/cli/src/program.js';
import { addRemoteCommands } from '../../apps/cli/src/remote/commands.js';
import { checkoutFiles, pathInCheckout } from '../checkout/checkout-files.js';

const CLIENT_PAGE = 'docs/command-line.md';
type OfLeasehold = ReturnType<typeof leaseholdProgram>;

/** Takes options of Jest, which are not ours. */
const OPEN_ENDED = 'test';

const textOf = (path: string) => readFileSync(pathInCheckout(path), 'utf8');
const optionsIn = (text: string) => Array.from(text.matchAll(/(?<![\w-])--[a-z][a-z-]*/g), ([option]) => option);
const optionsOf = (command: OfLeasehold) => command.options.map(({ long }) => long ?? '');

describe('commands', () => {
  const program = leaseholdProgram({ say: () => undefined, result: () => undefined }, {});
  const names = program.commands.map((command) => command.name());
  let pages: readonly string[] = [];

  beforeAll(() => {
    pages = checkoutFiles().filter((path) => path.endsWith('.md'));
  });

  it('are all listed by ./leasehold help, and no others', () => {
    const help = execFileSync('sh', [pathInCheckout('leasehold'), 'help'], { encoding: 'utf8' });
    const listed = Array.from(help.matchAll(/^ {2}([a-z]+(?:, [a-z]+)*)(?: {2}|$)/gm), ([, line = '']) =>
      line.split(', '),
    );
    expect(listed.flat().sort()).toEqual([...names].sort());
  });

  it('exist where pages call them, with the options that pages give them', () => {
    const wrong = pages.flatMap((page) =>
      Array.from(textOf(page).matchAll(/\.\/leasehold ([a-z]+)([^\n`|#]*)/g))
        .filter(([, name = '', further = '']) => {
          const command = program.commands.find((one) => one.name() === name);
          if (command === undefined) return true;
          return name !== OPEN_ENDED && optionsIn(further).some((option) => !optionsOf(command).includes(option));
        })
        .map(([call]) => `${page}: ${call.trim()}`),
    );
    expect(wrong).toEqual([]);
  });

  it(`of a client are told in ${CLIENT_PAGE} with every option`, () => {
    const text = textOf(CLIENT_PAGE);
    const told = new Set(optionsIn(text));
    const client = program.createCommand();
    addRemoteCommands(client, {});
    const untold = client.commands.flatMap((command) => [
      ...(new RegExp(`\`${command.name()}[ \`]`).test(text) ? [] : [command.name()]),
      ...optionsOf(command)
        .filter((option) => !told.has(option))
        .map((option) => `${command.name()} ${option}`),
    ]);
    expect(untold).toEqual([]);
  });
});
