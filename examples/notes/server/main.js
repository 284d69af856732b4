// node examples/notes/server/main.js [--local]
import { readSettings } from './settings.js';
import { startNotes } from './start.js';

try {
  const notes = await startNotes(readSettings(process.env, process.argv.slice(2)));
  if (notes.finished > 0) process.stdout.write(`finished ${notes.finished} sign-ups that were cut off\n`);
  process.stdout.write(`Notes     ${notes.origin}/\n`);
  process.stdout.write(`Costs     ${notes.origin}/costs   user operator, password ${notes.operatorPassword}\n`);
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => void notes.close().finally(() => process.exit()));
  }
} catch (error) {
  process.stderr.write(`notes: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
