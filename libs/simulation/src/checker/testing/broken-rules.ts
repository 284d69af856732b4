import type { History } from '../../history/history.js';
import { judge } from '../judge.js';

/** Each violation as `rule: what happened`. */
export function violationsOf(history: History | { history(): History }, clockSkewMs = 0): readonly string[] {
  const plain = 'databases' in history ? history : history.history();
  const { violations, undecided } = judge(plain, { clockSkewMs });
  if (undecided > 0) throw new Error('a key is undecided');
  return violations.map(({ rule, what }) => `${rule}: ${what}`);
}

/** Of strict serializability alone. */
export function disorderOf(history: History | { history(): History }): readonly string[] {
  const name = 'strict-serializability: ';
  return violationsOf(history).flatMap((words) => (words.startsWith(name) ? [words.slice(name.length)] : []));
}

/** The rules that it breaks, each once, in the order of the alphabet. */
export function brokenRules(history: History | { history(): History }, clockSkewMs = 0): readonly string[] {
  const rules = violationsOf(history, clockSkewMs).map((violation) => violation.split(': ')[0] as string);
  return [...new Set(rules)].sort();
}
