import { CliError, explainFileError } from './cli-error.js';
import { leaseholdProgram } from './program.js';
import { openTerminal } from './terminal.js';

const terminal = openTerminal();

/** One sentence for what a person can mend; a stack only for what is our own mistake. */
function explain(error: unknown): string {
  if (error instanceof CliError) return error.message;
  return explainFileError(error) ?? (error instanceof Error ? (error.stack ?? error.message) : String(error));
}

try {
  await leaseholdProgram(terminal, process.env).parseAsync();
  process.exit();
} catch (error) {
  terminal.say(explain(error));
  process.exit(error instanceof CliError ? error.exitCode : 1);
}
