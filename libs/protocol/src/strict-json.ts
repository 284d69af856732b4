import { LIMITS } from './limits.js';
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
/** Of all arrays and objects outside of raw members together: so many parts as a list may have, of ten values each. */
const MAX_VALUES = 20_000;
/** Of one object inside of a raw member: its names are remembered until it ends. */
const MAX_RAW_MEMBERS = 20_000;

const [QUOTE, BACKSLASH, SPACE, COLON, COMMA] = [0x22, 0x5c, 0x20, 0x3a, 0x2c];
const [BRACE, BRACE_END, BRACKET, BRACKET_END] = [0x7b, 0x7d, 0x5b, 0x5d];
const [TAB, LINE_FEED, RETURN] = [0x09, 0x0a, 0x0d];
const [MINUS, PLUS, POINT, ZERO, NINE, E_SMALL, E_LARGE] = [0x2d, 0x2b, 0x2e, 0x30, 0x39, 0x65, 0x45];
const LITERALS = [
  ['null', null],
  ['true', true],
  ['false', false],
] as const;
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Parses JSON of RFC 8259 and refuses what parsers disagree about: members given twice, broken Unicode, and nesting without end. Objects
 * have no prototype, so that `__proto__` is a name like any other.
 *
 * Whoever sends a body decides how long this takes, and nobody else is served meanwhile: it looks at each character a few times, at code
 * units and not at texts of one, and a raw member ends where it is longer than a value may be.
 * @throws ProblemError invalid-body, value-too-large
 */
export function parseStrictJson(text: string, raw?: RawMember): unknown {
  return new StrictJson(text, raw).parse();
}

class StrictJson {
  private at = 0;
  private values = 0;
  /** Where a raw member that begins here is too long; characters are never more than bytes. */
  private rawEnd = Infinity;

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
    if (isRaw) this.boundRaw();
    else if (++this.values > MAX_VALUES) throw invalid(`the body has more than ${MAX_VALUES} values`);
    this.skipSpace();
    switch (this.text.charCodeAt(this.at)) {
      case BRACE:
        return isRaw ? this.rawObject(depth) : this.object(depth);
      case BRACKET:
        return this.array(depth, isRaw);
      case QUOTE:
        return this.string();
      default:
        return this.scalar();
    }
  }

  private object(depth: number): unknown {
    const object = Object.create(null) as Record<string, unknown>;
    let members = 0;
    this.at++;
    if (this.ends(BRACE_END)) return object;
    do {
      if (++members > MAX_MEMBERS) throw tooManyMembers(MAX_MEMBERS);
      const name = this.name();
      if (Object.hasOwn(object, name)) throw givenTwice();
      const keep = this.raw !== undefined && this.raw.depth === depth && this.raw.name === name;
      object[name] = keep ? this.rawValue(depth) : this.value(depth + 1, false);
    } while (!this.ends(BRACE_END, COMMA));
    return object;
  }

  /** Of what is kept as text nothing is built. */
  private rawObject(depth: number): null {
    this.at++;
    if (this.ends(BRACE_END)) return null;
    let first: string | undefined;
    let names: Set<string> | undefined;
    do {
      // Not as it is: texts that are whole numbers have hashes that a client can choose to be the same.
      const name = `"${this.name()}`;
      if (first === undefined) first = name;
      else {
        names ??= new Set([first]);
        if (names.size >= MAX_RAW_MEMBERS) throw tooManyMembers(MAX_RAW_MEMBERS);
        if (names.size === names.add(name).size) throw givenTwice();
      }
      this.value(depth + 1, true);
    } while (!this.ends(BRACE_END, COMMA));
    return null;
  }

  private array(depth: number, isRaw: boolean): unknown {
    const array: unknown[] = [];
    this.at++;
    if (this.ends(BRACKET_END)) return array;
    do {
      if (!isRaw && array.length >= MAX_MEMBERS) throw tooManyMembers(MAX_MEMBERS);
      const value = this.value(depth + 1, isRaw);
      // Of what is kept as text nothing is built: there may be hundreds of thousands of them.
      if (!isRaw) array.push(value);
    } while (!this.ends(BRACKET_END, COMMA));
    return array;
  }

  private rawValue(depth: number): RawJson {
    this.skipSpace();
    const start = this.at;
    this.rawEnd = start + LIMITS.valueBytes;
    this.value(depth + 1, true);
    this.boundRaw();
    return new RawJson(this.text.slice(start, this.at));
  }

  private boundRaw(): void {
    if (this.at <= this.rawEnd) return;
    throw new ProblemError('value-too-large', `values have at most ${LIMITS.valueBytes} bytes`);
  }

  /** Of a member, and the colon behind it. */
  private name(): string {
    this.skipSpace();
    if (this.text.charCodeAt(this.at) !== QUOTE) throw this.malformed();
    const name = this.string();
    this.skipSpace();
    if (this.text.charCodeAt(this.at++) !== COLON) throw this.malformed();
    return name;
  }

  private string(): string {
    const { text } = this;
    const start = this.at;
    let hasEscapes = false;
    let at = start + 1;
    for (let code = text.charCodeAt(at); code !== QUOTE; code = text.charCodeAt(++at)) {
      // Beyond the end it is not a number, which is not above either.
      if (!(code >= SPACE)) throw this.malformed(at);
      if (code !== BACKSLASH) continue;
      hasEscapes = true;
      at++;
    }
    this.at = at + 1;
    return hasEscapes ? this.decoded(start) : text.slice(start + 1, at);
  }

  private decoded(start: number): string {
    let decoded: string;
    try {
      decoded = JSON.parse(this.text.slice(start, this.at)) as string;
    } catch {
      throw this.malformed(start);
    }
    if (LONE_SURROGATE.test(decoded)) throw invalid('a text holds half of a surrogate pair');
    return decoded;
  }

  private scalar(): unknown {
    for (const [literal, value] of LITERALS) {
      if (!this.text.startsWith(literal, this.at)) continue;
      this.at += literal.length;
      return value;
    }
    const start = this.at;
    this.number();
    return Number(this.text.slice(start, this.at));
  }

  private number(): void {
    this.takes(MINUS);
    if (!this.takes(ZERO)) this.digits();
    if (this.takes(POINT)) this.digits();
    if (!this.takes(E_SMALL) && !this.takes(E_LARGE)) return;
    if (!this.takes(MINUS)) this.takes(PLUS);
    this.digits();
  }

  /** At least one. */
  private digits(): void {
    const start = this.at;
    while (isDigit(this.text.charCodeAt(this.at))) this.at++;
    if (this.at === start) throw this.malformed();
  }

  /** Whether the list ends here; else a separator stands here, where one has to. */
  private ends(end: number, separator?: number): boolean {
    this.skipSpace();
    if (this.takes(end)) return true;
    if (separator !== undefined && !this.takes(separator)) throw this.malformed();
    return false;
  }

  private takes(code: number): boolean {
    if (this.text.charCodeAt(this.at) !== code) return false;
    this.at++;
    return true;
  }

  private skipSpace(): void {
    while (isSpace(this.text.charCodeAt(this.at))) this.at++;
  }

  private malformed(at = this.at): ProblemError {
    return invalid(`the body is not valid JSON at character ${at}`);
  }
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}

function isSpace(code: number): boolean {
  return code === SPACE || code === TAB || code === LINE_FEED || code === RETURN;
}

function tooManyMembers(limit: number): ProblemError {
  return invalid(`a list in the body has more than ${limit} members`);
}

function givenTwice(): ProblemError {
  return invalid('a member of an object is given twice');
}

function invalid(detail: string): ProblemError {
  return new ProblemError('invalid-body', detail);
}
