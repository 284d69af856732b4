import type { ApiOperation, ErrorCode, OpenApiDocument } from '@leasehold/protocol';
import { apiSchemas, bodySchemaOf, problemAnswers } from '@leasehold/protocol';

import { EVERYBODY, PEOPLE } from '../auth/access.js';
import { BILLING_ROUTES } from './billing-routes.js';
import { CONTROL_ANSWERS } from './control-answers.js';
import { CONTROL_BODIES } from './control-bodies.js';
import { CONTROL_PATH, CONTROL_QUERY } from './control-parameters.js';
import { OPERATORS, type ControlRoute } from './control-route.js';
import { OPERATOR_ROUTES } from './operator-routes.js';
import { PAYMENT_ROUTES } from './payment-routes.js';
import { PEOPLE_ROUTES } from './people-routes.js';
import { TENANT_ROUTES } from './tenant-routes.js';

type Json = Readonly<Record<string, unknown>>;

/** Every route of the control API. A test fails when the service has one that is not in here. */
export const CONTROL_ROUTES: readonly ControlRoute[] = [
  ...PEOPLE_ROUTES,
  ...TENANT_ROUTES,
  ...BILLING_ROUTES,
  ...PAYMENT_ROUTES,
  ...OPERATOR_ROUTES,
];

const IDEMPOTENCY_KEY: Json = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'Drawn at random: a request that is repeated under it changes things once. Remembered for 24 hours.',
  schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[!-~]+$' },
};
const IF_MATCH: Json = {
  name: 'If-Match',
  in: 'header',
  required: false,
  description: 'The `ETag` of an answer: changes nothing if it was changed since.',
  schema: { type: 'string' },
};

/** The document of the control API, made from {@link CONTROL_ROUTES}. */
export function controlDocument(routes: readonly ControlRoute[] = CONTROL_ROUTES): OpenApiDocument {
  const paths: Record<string, Record<string, ApiOperation>> = {};
  for (const route of routes) {
    const { method, path } = partsOf(route);
    (paths[path] ??= {})[method] = operationOf(route);
  }
  const { Problem, Version } = apiSchemas();
  const schemas = Object.entries({ ...CONTROL_BODIES, ...CONTROL_ANSWERS }).map(
    ([name, schema]) => [name, bodySchemaOf(schema)] as const,
  );
  return {
    openapi: '3.1.0',
    info: {
      title: 'Leasehold control plane',
      version: '1',
      summary: 'Accounts, databases, keys and their limits.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [
      { name: 'everybody', description: 'For everybody, logged in or not.' },
      { name: 'people', description: 'For those who are logged in, in no organization as well.' },
      { name: 'organization', description: 'By the role in the organization, or the scopes of an API key.' },
      { name: 'operators', description: 'For those who run the service.' },
    ],
    paths,
    components: {
      schemas: { ...Object.fromEntries(schemas), Problem, Version },
      securitySchemes: {
        session: { type: 'http', scheme: 'bearer', description: 'The `token` that a login answers.' },
        cookie: {
          type: 'apiKey',
          in: 'cookie',
          name: '__Host-leasehold.session_token',
          description:
            'For browsers. Where the service is reached by plain HTTP its name is `leasehold.session_token`.',
        },
        apiKey: { type: 'http', scheme: 'bearer', bearerFormat: 'lh_<id>_<secret>' },
      },
    },
  };
}

function partsOf({ route }: ControlRoute) {
  const [method = '', pattern = ''] = route.split(' ');
  return { method: method.toLowerCase(), path: pattern.replace(/:(\w+)/g, '{$1}') };
}

function operationOf(route: ControlRoute): ApiOperation {
  const { method, path } = partsOf(route);
  const { summary, who, status, body, query = [], isConditional = false } = route;
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => pathParameter(name ?? ''));
  const inQuery = query.map((name) => ({ name, in: 'query', required: false, ...CONTROL_QUERY[name] }));
  return {
    operationId: operationIdOf(method, path),
    summary,
    description: whoMay(who),
    tags: [typeof who === 'string' ? who : 'organization'],
    security: securityOf(who),
    parameters: [
      ...inPath,
      ...inQuery,
      ...(takesIdempotencyKey(route) ? [IDEMPOTENCY_KEY] : []),
      ...(isConditional ? [IF_MATCH] : []),
    ],
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: { $ref: `#/components/schemas/${body}` } } },
          },
        }),
    responses: { [status]: answerOf(route), ...problemAnswers(codesOf(route)) },
  };
}

/** `GET /v1/databases/{nameOrId}/grants` is `getDatabasesNameOrIdGrants`: stable, because generated clients name methods so. */
function operationIdOf(method: string, path: string): string {
  const words = path.replace(/^\/v1/, '').match(/[A-Za-z0-9]+/g) ?? [];
  return method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

function pathParameter(name: string): Json {
  const description = CONTROL_PATH[name];
  if (description === undefined) throw new Error(`a path has a parameter that is not described: ${name}`);
  return { name, in: 'path', required: true, description, schema: { type: 'string' } };
}

function whoMay(who: ControlRoute['who']): string {
  if (who === EVERYBODY) return 'For everybody.';
  if (who === PEOPLE) return 'For whoever is logged in. API keys are refused.';
  if (who === OPERATORS) return 'For operators of the service. API keys are refused.';
  const scopes = who.scopes.length === 0 ? 'API keys are refused.' : `Scope of an API key: ${who.scopes.join(' or ')}.`;
  return `Role: ${who.roles.join(', ')}. ${scopes}`;
}

function securityOf(who: ControlRoute['who']): readonly Json[] {
  if (who === EVERYBODY) return [];
  const takesKeys = typeof who !== 'string' && who.scopes.length > 0;
  return [{ session: [] }, { cookie: [] }, ...(takesKeys ? [{ apiKey: [] }] : [])];
}

/** Every change of somebody who is known. */
function takesIdempotencyKey({ route, who }: ControlRoute): boolean {
  return who !== EVERYBODY && !route.startsWith('GET ');
}

function answerOf({ status, mediaType, alsoAs, answer }: ControlRoute): ApiOperation['responses'][string] {
  const headers = { 'x-request-id': { description: 'To be quoted in reports.', schema: { type: 'string' } } };
  return {
    description: 'Done.',
    headers,
    ...(status === 204 || (status === 202 && answer === undefined)
      ? {}
      : {
          content: {
            [mediaType ?? 'application/json']:
              answer === undefined ? {} : { schema: { $ref: `#/components/schemas/${answer}` } },
            ...(alsoAs === undefined ? {} : { [alsoAs]: {} }),
          },
        }),
  };
}

function codesOf(route: ControlRoute): readonly ErrorCode[] {
  const { route: pattern, who, body, query = [], isConditional = false, codes = [] } = route;
  const isChange = !pattern.startsWith('GET ');
  return [
    ...codes,
    ...of(who !== EVERYBODY, ['unauthenticated', 'forbidden', 'invalid-api-key']),
    ...of(typeof who !== 'string' && who.scopes.length > 0, ['insufficient-scope', 'invalid-token']),
    ...of(body !== undefined, ['invalid-body', 'unsupported-media-type', 'body-too-large']),
    ...of(query.length > 0, ['invalid-parameter']),
    ...of(query.includes('limit'), ['invalid-limit', 'invalid-cursor']),
    ...of(pattern.includes(':'), ['not-found']),
    ...of(pattern.includes(' /v1/databases/:'), ['invalid-database-name', 'database-not-found']),
    ...of(pattern.includes(' /v1/keys/:'), ['api-key-not-found']),
    ...of(isConditional, ['precondition-failed', 'invalid-precondition']),
    ...of(who === PEOPLE || (isChange && who === EVERYBODY), ['unsupported-header']),
    ...of(takesIdempotencyKey(route), [
      ...(['invalid-idempotency-key', 'idempotency-key-reused'] as const),
      ...(['idempotency-keys-exhausted', 'conflict'] as const),
    ]),
    ...(['invalid-request', 'too-many-requests', 'headers-too-large', 'internal', 'unavailable'] as const),
  ];
}

function of(applies: boolean, codes: readonly ErrorCode[]): readonly ErrorCode[] {
  return applies ? codes : [];
}
