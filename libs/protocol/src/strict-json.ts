import { ProblemError } from './problem.js';

/** A JSON text that is kept as it was written, so that its numbers keep all their digits. */
export class RawJson {
  constructor(readonly text: string) {}
}

/** Which members are kept as {@link RawJson}: those of this name in objects that lie this deep; the outermost lies at depth 1. */
export interface RawMember {
  readonly depth: number;
  readonly name: string;
}

/** Deeper than anything that is meant well; below what recursion can do. */
const MAX_DEPTH = 64;
/** Of one array or object outside of raw members: twice what a request may list. */
const MAX_MEMBERS = 2_000;

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const LITERAL = /true|false|null/y;
// What ends a run of plain characters in a string.
// eslint-disable-next-line no-control-regex -- JSON forbids them
const SPECIAL = /["\\\u0000-\u001f]/g;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Parses JSON of RFC 8259 and refuses what parsers disagree about: members given twice, broken Unicode, and nesting without end. Objects
 * have no prototype, so that `__proto__` is a name like any other.
 * @throws ProblemError invalid-body
 */
export function parseStrictJson(text: string, raw?: RawMember): unknown {
  return new StrictJson(text, raw).parse();
}

class StrictJson {
  private at = 0;

  constructor(
    private readonly text: string,
    private readonly raw: RawMember | undefined,
  ) {}

  parse(): unknown {
    const value = this.value(1, false);
    this.skipSpace();
    if (this.at < this.text.length) throw this.malformed();
    return value;
  }

  private value(depth: number, isRaw: boolean): unknown {
    if (depth > MAX_DEPTH) throw invalid(`the body is nested deeper than ${MAX_DEPTH} levels`);
    this.skipSpace();
    switch (this.text[this.at]) {
      case '{':
        return this.object(depth, isRaw);
      case '[':
        return this.array(depth, isRaw);
      case '"':
        return this.string();
      default:
        return this.scalar();
    }
  }

  private object(depth: number, isRaw: boolean): unknown {
    const object = Object.create(null) as Record<string, unknown>;
    let members = 0;
    this.at++;
    if (this.ends('}')) return object;
    do {
      if (!isRaw && ++members > MAX_MEMBERS) throw tooManyMembers();
      this.skipSpace();
      if (this.text[this.at] !== '"') throw this.malformed();
      const name = this.string();
      if (Object.hasOwn(object, name)) throw invalid('a member of an object is given twice');
      this.skipSpace();
      if (this.text[this.at++] !== ':') throw this.malformed();
      const keep = this.raw !== undefined && !isRaw && this.raw.depth === depth && this.raw.name === name;
      const value = keep ? this.rawValue(depth) : this.value(depth + 1, isRaw);
      object[name] = isRaw ? null : value;
    } while (!this.ends('}', ','));
    return object;
  }

  private array(depth: number, isRaw: boolean): unknown {
    const array: unknown[] = [];
    this.at++;
    if (this.ends(']')) return array;
    do {
      if (!isRaw && array.length >= MAX_MEMBERS) throw tooManyMembers();
      const value = this.value(depth + 1, isRaw);
      // Of what is kept as text nothing is built: there may be millions of them.
      if (!isRaw) array.push(value);
    } while (!this.ends(']', ','));
    return array;
  }

  private rawValue(depth: number): RawJson {
    this.skipSpace();
    const start = this.at;
    this.value(depth + 1, true);
    return new RawJson(this.text.slice(start, this.at));
  }

  private string(): string {
    const { text } = this;
    const start = this.at;
    let hasEscapes = false;
    for (this.at++; ;) {
      SPECIAL.lastIndex = this.at;
      const special = SPECIAL.exec(text);
      if (special === null) throw this.malformed(text.length);
      this.at = special.index;
      if (special[0] === '"') break;
      ESCAPE.lastIndex = this.at;
      const escape = ESCAPE.exec(text);
      if (escape === null) throw this.malformed();
      hasEscapes = true;
      this.at += escape[0].length;
    }
    this.at++;
    if (!hasEscapes) return text.slice(start + 1, this.at - 1);
    const decoded = JSON.parse(text.slice(start, this.at)) as string;
    if (LONE_SURROGATE.test(decoded)) throw invalid('a text holds half of a surrogate pair');
    return decoded;
  }

  private scalar(): unknown {
    const literal = this.take(LITERAL);
    if (literal !== undefined) return literal === 'null' ? null : literal === 'true';
    const number = this.take(NUMBER);
    if (number === undefined) throw this.malformed();
    return Number(number);
  }

  /** Whether the list ends here; else a separator stands here, where one has to. */
  private ends(end: string, separator?: string): boolean {
    this.skipSpace();
    const character = this.text[this.at];
    if (character === end) {
      this.at++;
      return true;
    }
    if (separator === undefined) return false;
    if (character !== separator) throw this.malformed();
    this.at++;
    return false;
  }

  private skipSpace(): void {
    this.take(SPACE);
  }

  private take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const taken = pattern.exec(this.text)?.[0];
    if (taken !== undefined) this.at += taken.length;
    return taken;
  }

  private malformed(at = this.at): ProblemError {
    return invalid(`the body is not valid JSON at character ${at}`);
  }
}

function tooManyMembers(): ProblemError {
  return invalid(`a list in the body has more than ${MAX_MEMBERS} members`);
}

function invalid(detail: string): ProblemError {
  return new ProblemError('invalid-body', detail);
}
