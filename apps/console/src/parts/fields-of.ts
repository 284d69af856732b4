import { Problem } from '../api/problem.js';

/** What is wrong with members of what was sent, to be shown beside their inputs. */
export function fieldsOf(error: Error | null): Readonly<Record<string, string>> {
  return error instanceof Problem ? error.fields : {};
}
