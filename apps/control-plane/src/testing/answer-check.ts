import { isDeepStrictEqual } from 'node:util';

import { Ajv2020 } from 'ajv/dist/2020.js';

import { CONTROL_ANSWERS, type ControlAnswer } from '../openapi/control-answers.js';
import { CONTROL_ROUTES, controlDocument } from '../openapi/control-document.js';
import type { ControlRoute } from '../openapi/control-route.js';

interface ToldAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
  readonly text: string;
}

const DOCUMENT = 'document';
const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema(controlDocument(), DOCUMENT);

/** Most particular first: `/v1/databases/delete` is no name. */
const ROUTES = CONTROL_ROUTES.map((route) => ({ route, pattern: patternOf(route.route) })).sort(
  (a, b) => a.route.route.split(':').length - b.route.route.split(':').length,
);
/** Routes whose right answer was seen by this process. */
export const seenAnswers = new Set<string>();

/**
 * Holds an answer of the service against the document of its API: every test that calls the service proves it on the way. What is no route of the
 * document is passed over.
 *
 * @throws Error that names the route and what is wrong: another status, an answer that the document does not describe, or that is not as described
 */
export function checkAnswer(method: string, path: string, answer: ToldAnswer): void {
  if (!path.startsWith('/v1/')) return;
  if (answer.status >= 400) return checkProblem(method, path, answer);
  const target = `${method} ${path.replace(/\?.*$/s, '')}`;
  const route = ROUTES.find(({ pattern }) => pattern.test(target))?.route;
  if (route === undefined) return;
  const fault = faultOf(route, answer);
  if (fault === undefined) return void seenAnswers.add(route.route);
  throw new Error(`${route.route} does not answer as its document says (openapi/): ${fault}: ${answer.text}`);
}

function faultOf(route: ControlRoute, { status, headers, body, text }: ToldAnswer): string | undefined {
  if (status !== route.status) return `status ${status} in place of ${route.status}`;
  const type = headers.get('content-type') ?? '';
  if (route.alsoAs !== undefined && type.startsWith(route.alsoAs)) return undefined;
  if (route.mediaType !== undefined) return type.startsWith(route.mediaType) ? undefined : `it is ${type}`;
  if (text === '') return route.answer === undefined ? undefined : 'it is empty';
  if (route.answer === undefined) return 'no schema describes it';
  return faultOfBody(route.answer, body);
}

function faultOfBody(name: ControlAnswer, body: unknown): string | undefined {
  if (!isValid(name, body)) return `it is no ${name}, ${ajv.errorsText()}`;
  const parsed = CONTROL_ANSWERS[name].safeParse(body);
  if (!parsed.success) return `it is no ${name}, ${parsed.error.message}`;
  // Parsed, it has only the members that its schema names.
  return isDeepStrictEqual(parsed.data, body) ? undefined : `it has members that ${name} does not name`;
}

function checkProblem(method: string, path: string, { headers, body, text }: ToldAnswer): void {
  if (headers.get('content-type') === 'application/problem+json' && isValid('Problem', body)) return;
  // To HEAD nothing is said.
  if (method === 'HEAD' && text === '') return;
  throw new Error(`${method} ${path} is refused by no problem: ${text}`);
}

function isValid(name: string, value: unknown): boolean {
  return ajv.validate(`${DOCUMENT}#/components/schemas/${name}`, value) as boolean;
}

function patternOf(route: string): RegExp {
  return new RegExp(`^${route.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+')}$`);
}
