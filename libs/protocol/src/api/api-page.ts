import type { ApiOperation } from './api-operation.js';
import type { OpenApiDocument } from './openapi.js';

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; font-size: 1.1rem; border-top: 1px solid #8884; padding-top: 1rem; }
code, pre { font: 0.9em/1.4 ui-monospace, monospace; }
pre { overflow: auto; padding: 0.75rem; background: #8881; }
table { border-collapse: collapse; width: 100%; }
td { padding: 0.2rem 0.75rem 0.2rem 0; vertical-align: top; border-bottom: 1px solid #8882; }
td:first-child { white-space: nowrap; }
b { display: inline-block; min-width: 4.5rem; }
p { white-space: pre-line; }`;

export interface ApiPageLinks {
  /** Where the document is served. */
  readonly document: string;
  /** What is sent as the bearer, in words. */
  readonly bearer: string;
}

const LINKS_OF_DATA_PLANE: ApiPageLinks = { document: '/openapi.json', bearer: 'api key or token' };

/** The whole API on one page of HTML, without scripts: everything in it is text of ours, and escaped all the same. */
export function formatApiPage(document: OpenApiDocument, links = LINKS_OF_DATA_PLANE): string {
  const title = String(document.info['title']);
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      // What HEAD answers is what GET begins with.
      .filter(([method]) => method !== 'head')
      .map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const contents = operations.map(
    ({ path, method, operation }) =>
      `<li><a href="#${text(operation.operationId)}"><code><b>${text(method)}</b> ${text(path)}</code></a></li>`,
  );
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${text(title)}</title><style>${STYLE}</style></head>
<body>
<h1>${text(title)}</h1>
<p>${text(String(document.info['summary']))} For machines: <a href="${text(links.document)}">openapi.json</a> (OpenAPI ${text(document.openapi)}).
Send <code>Authorization: Bearer &lt;${text(links.bearer)}&gt;</code>. Refusals are <code>application/problem+json</code>: branch on <code>code</code>.</p>
<ul>
${contents.join('\n')}
</ul>
${operations.map(({ path, method, operation }) => formatOperation(path, method, operation)).join('\n')}
<h2 id="schemas">Bodies and answers</h2>
${formatSchemas(document.components['schemas'])}
</body>
</html>
`;
}

function formatOperation(path: string, method: string, operation: ApiOperation): string {
  const parameters = operation.parameters.map((parameter) => {
    const { name, in: place, description } = parameter as Readonly<Record<'name' | 'in' | 'description', string>>;
    return [`${name} (${place})`, description] as const;
  });
  const answers = Object.entries(operation.responses).map(
    ([status, { description, content }]) => [status, `${description}${shapeOf(content)}`] as const,
  );
  const body = operation.requestBody?.['content'];
  return `<h2 id="${text(operation.operationId)}"><code>${text(method)} ${text(path)}</code></h2>
<p><strong>${text(operation.summary)}.</strong> ${text(operation.description)}</p>
<table>
${[...parameters, ...(body === undefined ? [] : [['body', shapeOf(body).trim()] as const]), ...answers].map(row).join('\n')}
</table>`;
}

/** Media type, and the name of the schema. */
function shapeOf(content: unknown): string {
  const [type, media] = Object.entries((content ?? {}) as Record<string, { schema?: { $ref?: string } }>)[0] ?? [];
  if (type === undefined || type === 'application/problem+json') return '';
  const schema = media?.schema?.$ref?.split('/').at(-1);
  return ` ${type}${schema === undefined ? '' : `: ${schema}`}`;
}

function formatSchemas(schemas: unknown): string {
  return Object.entries(schemas as Record<string, unknown>)
    .map(([name, schema]) => {
      const json = JSON.stringify(schema, undefined, 2).replaceAll('#/components/schemas/', '');
      return `<details><summary><code>${text(name)}</code></summary><pre>${text(json)}</pre></details>`;
    })
    .join('\n');
}

function row([name, description]: readonly [string, string]): string {
  return `<tr><td><code>${text(name)}</code></td><td><p>${text(description)}</p></td></tr>`;
}

function text(raw: string): string {
  return raw
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
