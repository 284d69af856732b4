import type { Ready } from './leasehold.js';

/** An organization with something of everything, made through the APIs, so that no screen is empty. */
export interface ConsoleWorld {
  readonly email: string;
  readonly password: string;
  /** Of the session that made it. */
  readonly token: string;
  readonly apiKey: string;
  /** Entries of the database `shop`. */
  readonly entries: number;
}

const PASSWORD = 'a password of some length';
const DATABASES = 30;
const LONG_NAME = `a-very-long-name-${'of-a-customer-'.repeat(2)}who-pays`;
/** In commits of a thousand, which is what one may hold. */
const ORDERS = 5_000;
const COMMIT_OPS = 1_000;

export async function makeConsoleWorld(ready: Ready, email: string): Promise<ConsoleWorld> {
  const control = caller(ready.controlPlane);
  const { token } = await control('POST', '/v1/signup', undefined, {
    ...{ email, password: PASSWORD, organization: 'Shops & Sons' },
  });
  const ask = (method: string, path: string, json?: object) => control(method, path, String(token), json);
  await ask('POST', '/v1/databases', { name: 'shop', labels: { plan: 'pro', region: 'eu' } });
  const { key } = await ask('POST', '/v1/keys', { name: 'backend', scopes: ['data:read', 'data:write'] });
  await Promise.all([
    ...Array.from({ length: DATABASES }, (_, at) =>
      ask('POST', '/v1/databases', { name: `customer-${at}`, labels: { plan: at % 2 === 0 ? 'pro' : 'free' } }),
    ),
    ask('POST', '/v1/databases', { name: LONG_NAME }),
    ask('POST', '/v1/keys', { name: 'reporting', scopes: ['usage:read'] }),
    ask('POST', '/v1/webhooks', { url: 'https://hooks.example.com/leasehold', events: ['database.created'] }),
    ask('PUT', '/v1/cors', { origins: ['https://app.example.com'] }),
    ask('PUT', '/v1/budgets/organization', { limit: { units: 1_000_000 }, hardStop: false }),
  ]);
  await ask('POST', '/v1/databases/delete', { search: 'customer-29' });
  return {
    email,
    password: PASSWORD,
    token: String(token),
    apiKey: String(key),
    entries: await fill(ready, String(key)),
  };
}

/** @returns how many entries there are */
async function fill({ gateway }: Ready, key: string): Promise<number> {
  const data = caller(gateway);
  const write = (ops: readonly object[]) => data('POST', '/v1/db/shop/transactions', key, { ops });
  for (let from = 0; from < ORDERS; from += COMMIT_OPS) {
    await write(
      Array.from({ length: COMMIT_OPS }, (_, at) => ({
        ...{
          op: 'put',
          key: `orders/${String(from + at).padStart(6, '0')}`,
          json: { state: 'open', total: from + at },
        },
      })),
    );
  }
  await write([
    { op: 'put', key: 'users/ada/profile', json: { name: 'Ada' }, expiresAt: '2999-12-31T12:00:00Z' },
    { op: 'put', key: 'users/bob/profile', json: { name: 'Bob' } },
    { op: 'put', key: 'blob', value64: 'AAECAwT_' },
  ]);
  return ORDERS + 3;
}

/** Calls of one service; whatever is no success throws. */
function caller(base: string) {
  return async (method: string, path: string, token?: string, json?: object): Promise<Record<string, unknown>> => {
    const answer = await fetch(base + path, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
    return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  };
}
