/** White space of JSON, between tokens. */
const BLANK = ' \t\r\n';
const PUNCTUATION = '{}[]:,';

/**
 * The value of a member as it is written, without the white space between its tokens: digits, escapes and the order of members stay, which
 * `JSON.parse` would change. Of a name that comes twice it is the last one, as with `JSON.parse`.
 *
 * @param text of an object, known to be JSON
 * @returns undefined: there is no such member
 */
export function memberSource(text: string, name: string): string | undefined {
  let found: string | undefined;
  let depth = 0;
  let member: string | undefined;
  let value: string[] | undefined;
  for (const token of tokensOf(text)) {
    if (token === '}' || token === ']') depth--;
    const ends = depth === 0 || (depth === 1 && token === ',');
    if (ends && value !== undefined) {
      if (member === name) found = value.join('');
      value = undefined;
    } else if (value !== undefined) value.push(token);
    else if (depth === 1 && token === ':') value = [];
    else if (depth === 1 && token.startsWith('"')) member = JSON.parse(token) as string;
    if (token === '{' || token === '[') depth++;
  }
  return found;
}

function* tokensOf(text: string): Iterable<string> {
  let at = 0;
  while (at < text.length) {
    const from = at;
    const first = text.charAt(at++);
    if (BLANK.includes(first)) continue;
    if (first === '"') at = endOfString(text, at);
    else if (!PUNCTUATION.includes(first)) at = endOfWord(text, at);
    yield text.slice(from, at);
  }
}

/** By hand: an expression that repeats a choice would need memory for each character of a long text. */
function endOfString(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charAt(at) !== '"') at += text.charAt(at) === '\\' ? 2 : 1;
  return at + 1;
}

function endOfWord(text: string, from: number): number {
  let at = from;
  while (at < text.length && !(BLANK + PUNCTUATION).includes(text.charAt(at))) at++;
  return at;
}
