/** Progress for people goes to stderr; stdout carries only the result, so that it can be piped. */
export interface Terminal {
  say(line: string): void;
  result(text: string): void;
}

/** The reader of our output may go away (a closed terminal, `| head -1`): that must not stop the processes we look after. */
export function openTerminal(): Terminal {
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
  return {
    say: (line) => void process.stderr.write(`leasehold: ${line}\n`),
    result: (text) => void process.stdout.write(`${text}\n`),
  };
}
