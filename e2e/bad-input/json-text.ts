/** A JSON text that is written as it is, right or wrong. */
export class Verbatim {
  constructor(readonly text: string) {}
}

/** An object whose members may be given twice. */
export class Members {
  constructor(readonly list: readonly (readonly [name: string, value: JsonPart])[]) {}

  static of(members: Readonly<Record<string, JsonPart>>): Members {
    return new Members(Object.entries(members));
  }

  /** The same, with another value at this name, or one more member. */
  with(name: string, value: JsonPart): Members {
    const rest = this.list.filter(([present]) => present !== name);
    return new Members([...rest, [name, value]]);
  }

  without(name: string): Members {
    return new Members(this.list.filter(([present]) => present !== name));
  }

  /** The first member given once more. */
  twice(): Members {
    const [first] = this.list;
    return first === undefined ? this : new Members([...this.list, first]);
  }
}

export type JsonPart = string | number | boolean | null | Verbatim | Members | readonly JsonPart[];

export function jsonText(part: JsonPart): string {
  if (part instanceof Verbatim) return part.text;
  if (part instanceof Members) {
    return `{${part.list.map(([name, value]) => `${JSON.stringify(name)}:${jsonText(value)}`).join(',')}}`;
  }
  if (typeof part === 'object' && part !== null) return `[${part.map(jsonText).join(',')}]`;
  return JSON.stringify(part);
}
