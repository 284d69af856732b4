import { Command } from 'commander';

import { addBucketCommands } from './bucket-commands.js';
import { addCheckoutCommands } from './checkout-commands.js';
import { addRemoteCommands } from './remote/commands.js';
import type { Terminal } from './terminal.js';

/** All that `./leasehold` can be asked for; nothing runs until it is given arguments. */
export function leaseholdProgram(terminal: Terminal, env: NodeJS.ProcessEnv): Command {
  const program = new Command('leasehold')
    .description('Leasehold: a database per tenant, on object storage.')
    .configureOutput({ outputError: (text) => terminal.say(text.trimEnd().replace(/^error: /, '')) });
  addCheckoutCommands(program, terminal, env);
  addBucketCommands(program, terminal, env);
  addRemoteCommands(program, env);
  return program;
}
