import type { ErrorCode } from '../error-codes.js';
import type { ApiOperation, Json } from './api-operation.js';
import { API_PARAMETERS } from './api-parameters.js';
import type { ApiRoute } from './api-route.js';
import { ALL_API_ROUTES } from './api-routes.js';
import { apiSchemas } from './api-schemas.js';
import { problemAnswers } from './problem-answers.js';

/** An OpenAPI 3.1 document, as far as others here look into it. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: Json;
  readonly paths: Readonly<Record<string, Readonly<Record<string, ApiOperation>>>>;
  readonly components: Json;
  readonly [member: string]: unknown;
}

/** What any request may be refused with, before it is known what it asks for. */
const OF_ALL: readonly ErrorCode[] = ['invalid-request', 'headers-too-large'];
/** What any route of a database may be refused with. */
const OF_DATABASES: readonly ErrorCode[] = [
  'invalid-parameter',
  'unsupported-header',
  'unauthenticated',
  'invalid-api-key',
  'invalid-token',
  'insufficient-scope',
  'outside-key-prefix',
  'origin-not-allowed',
  'database-not-found',
  'request-timeout',
  'too-many-requests',
  'internal',
  'corrupt-object',
  'unavailable',
  'overloaded',
  'service-draining',
  'owner-unavailable',
  'session-expired',
  'store-unavailable',
];

const ANSWER_SCHEMAS: Readonly<Partial<Record<ApiRoute['answer'], string>>> = {
  version: 'Committed',
  outcome: 'Outcome',
  page: 'Page',
  snapshot: 'Snapshot',
  owner: 'Owner',
  statistics: 'Statistics',
};
const ANSWER_TYPES: Readonly<Partial<Record<ApiRoute['answer'], string>>> = {
  value: 'application/octet-stream',
  events: 'text/event-stream',
  html: 'text/html',
  kvMessage: 'application/x-protobuf',
  kvStream: 'application/octet-stream',
};
const BODIES: Readonly<Record<NonNullable<ApiRoute['body']>, Json>> = {
  value: { 'application/octet-stream': {} },
  transaction: { 'application/json': { schema: ref('Transaction') } },
  snapshot: { 'application/json': { schema: ref('SnapshotRead') } },
  kvExchange: { 'application/json': {} },
  kvMessage: { 'application/x-protobuf': {} },
};

/** The document of the data plane, made from {@link ALL_API_ROUTES}. */
export function openApiDocument(routes: readonly ApiRoute[] = ALL_API_ROUTES): OpenApiDocument {
  const paths: Record<string, Record<string, ApiOperation>> = {};
  for (const route of routes) {
    for (const [spelling, path] of route.paths.entries()) {
      const operations = (paths[path] ??= {});
      const id = spelling === 0 ? route.id : `${route.id}64`;
      operations[route.method.toLowerCase()] = operationOf(route, path, id);
      if (route.method === 'GET') operations['head'] = headOf(operationOf(route, path, id));
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Leasehold data plane',
      version: '1',
      summary: 'A database per tenant, on object storage.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [
      { name: 'database', description: 'Needs an API key, or a short-lived token.' },
      { name: 'documents', description: 'For everybody.' },
    ],
    paths,
    components: {
      schemas: apiSchemas(),
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', bearerFormat: 'lh_<id>_<secret>' },
        token: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description:
            'For browsers and edge code: a short-lived token of the control plane (`POST /v1/tokens`), for one database, and for the keys of one prefix where it has one.',
        },
      },
    },
  };
}

function operationOf(route: ApiRoute, path: string, operationId: string): ApiOperation {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string);
  const isOfDatabase = route.scopes.length > 0;
  return {
    operationId,
    summary: route.summary,
    description: isOfDatabase ? `${route.description}\n\nScope: ${route.scopes.join(' or ')}.` : route.description,
    tags: [isOfDatabase ? 'database' : 'documents'],
    security: isOfDatabase ? [{ apiKey: [] }, { token: [] }] : [],
    parameters: [...inPath, ...route.query, ...route.headers].map(parameterOf),
    ...(route.body === undefined ? {} : { requestBody: { required: true, content: BODIES[route.body] } }),
    responses: {
      '200': { description: 'Done.', headers: answerHeaders(route), content: contentOf(route) },
      ...(route.id === 'readKey' ? { '304': { description: 'The version is the one that was named.' } } : {}),
      ...problemAnswers([...route.codes, ...OF_ALL, ...(isOfDatabase ? OF_DATABASES : [])]),
    },
  };
}

function headOf(operation: ApiOperation): ApiOperation {
  const { responses, operationId, summary, ...rest } = operation;
  const bare = Object.entries(responses).map(([status, { description, headers }]) => {
    return [status, { description, ...(headers === undefined ? {} : { headers }) }] as const;
  });
  return {
    ...rest,
    operationId: `${operationId}Head`,
    summary: `${summary}: the head of the answer`,
    responses: Object.fromEntries(bare),
  };
}

function parameterOf(name: string): Json {
  const parameter = API_PARAMETERS[name];
  if (parameter === undefined) throw new Error(`a route has a parameter that is not described: ${name}`);
  return {
    name,
    in: parameter.in,
    required: parameter.in === 'path',
    description: parameter.description,
    schema: parameter.schema,
  };
}

function answerHeaders(route: ApiRoute): Json {
  const header = (description: string): Json => ({ description, schema: { type: 'string' } });
  const isWrite = ['version', 'outcome'].includes(route.answer);
  return {
    'x-request-id': header('To be quoted in reports.'),
    ...(route.scopes.length === 0 ? {} : { 'leasehold-cost': header('`read=1, write=0`: units that are billed.') }),
    ...(route.paths.length > 1 ? { etag: header('The version, in quotes.') } : {}),
    ...(route.answer === 'value'
      ? { 'leasehold-expires-at': header('When the key ends; left out where it stays.') }
      : {}),
    ...(route.query.includes('at') ? { 'leasehold-version': header('With `at`: the version that is shown.') } : {}),
    ...(isWrite ? { 'idempotency-replayed': header('`true`: an earlier request was applied.') } : {}),
  };
}

function contentOf({ answer }: ApiRoute): Json {
  const schema = ANSWER_SCHEMAS[answer];
  return { [ANSWER_TYPES[answer] ?? 'application/json']: schema === undefined ? {} : { schema: ref(schema) } };
}

function ref(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}
