/** What the first steps know by now. */
export interface FirstRequest {
  readonly gatewayUrl: string;
  readonly database: string;
  /** Undefined: none was made yet. */
  readonly apiKey: string | undefined;
}

export interface Snippet {
  readonly id: string;
  readonly name: string;
  readonly code: string;
}

/** The same first request in each of the ways to make it. All of them write, so that it shows in the change feed. */
export function snippetsOf({ gatewayUrl, database, apiKey = 'lh_…' }: FirstRequest): readonly Snippet[] {
  return [
    {
      id: 'curl',
      name: 'curl',
      code: `curl -X PUT ${gatewayUrl}/v1/db/${database}/keys/greeting \\
  -H 'Authorization: Bearer ${apiKey}' \\
  --data-binary 'hello'`,
    },
    {
      id: 'sdk',
      name: 'TypeScript',
      code: `import { connect } from '@leasehold/client';

const db = connect({
  url: '${gatewayUrl}',
  key: '${apiKey}',
  database: '${database}',
});
await db.put(['greeting'], 'hello');
console.log(await db.get(['greeting']));`,
    },
    {
      id: 'deno',
      name: 'Deno KV',
      code: `// DENO_KV_ACCESS_TOKEN=${apiKey} deno run --allow-net --allow-env --unstable-kv first.ts
const kv = await Deno.openKv('${gatewayUrl}/kv/${database}');
await kv.set(['greeting'], 'hello');
console.log((await kv.get(['greeting'])).value);`,
    },
  ];
}
