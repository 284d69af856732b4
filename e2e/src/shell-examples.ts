/** A command of a page, with what the page says that it prints. */
export interface ShellExample {
  readonly command: string;
  /** Behind an arrow on its line, or on the line below; `…` stands for anything. */
  readonly prints: string | undefined;
}

/** A block may have so many commands. */
const MAX_COMMANDS = 100;

/** The commands of the blocks that a page has below one heading, in their order. @throws Error when a block ends within a command */
export function shellExamples(text: string, heading: string): readonly ShellExample[] {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  return Array.from(section.matchAll(/^```sh\n(.*?)^```$/gms), ([, block = '']) => commandsOf(block)).flat();
}

function commandsOf(block: string): readonly ShellExample[] {
  const examples: ShellExample[] = [];
  let open: string | undefined;
  for (const line of block.trimEnd().split('\n')) {
    const printed = /^# → (.*)$/.exec(line)?.[1];
    const last = examples.at(-1);
    if (open === undefined && printed !== undefined && last !== undefined) {
      examples[examples.length - 1] = { ...last, prints: withoutRemark(printed) };
      continue;
    }
    const command: string = open === undefined ? line : `${open}\n${line}`;
    const isWhole = !command.endsWith('\\') && (command.split("'").length - 1) % 2 === 0;
    open = isWhole ? undefined : command;
    const said = / # → (.*)$/.exec(line)?.[1];
    if (isWhole) examples.push({ command, prints: said === undefined ? undefined : withoutRemark(said) });
  }
  if (open !== undefined || examples.length > MAX_COMMANDS) throw new Error(`not a block of commands: ${block}`);
  return examples;
}

/** Three spaces part what is printed from what is said about it. */
function withoutRemark(printed: string): string {
  return printed.split('   ', 1)[0] ?? '';
}
