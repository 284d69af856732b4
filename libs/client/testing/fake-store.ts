import { Buffer } from 'node:buffer';

/** How a gateway refuses. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly members: Readonly<Record<string, unknown>> = {},
  ) {
    super(code);
  }
}

export interface FakeAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

interface Stored {
  readonly value: Buffer;
  readonly sequence: number;
}

/** By their bytes in hexadecimal, which sort as the bytes do. */
type State = ReadonlyMap<string, Stored>;

interface Range {
  readonly prefix64?: string;
  readonly start64?: string;
  readonly end64?: string;
  readonly all?: boolean;
}

interface Operation {
  readonly op: string;
  readonly key64: string;
  readonly value64?: string;
  readonly operand?: string;
  readonly range: Range;
}

type Check =
  { readonly key64: string; readonly version: string | null } | { readonly range: Range; readonly since: string };

interface Commit {
  readonly state: State;
  readonly told: readonly Readonly<Record<string, unknown>>[];
  readonly touched: (key: string) => boolean;
}

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** One database as a model: every state that it ever had, and what each commit did. */
export class FakeStore {
  readonly commits: Commit[] = [];
  private readonly applied = new Map<string, { readonly request: string; readonly version: string }>();
  private readonly listeners = new Set<() => void>();

  get sequence(): number {
    return this.commits.length;
  }

  versionOf(sequence: number): string {
    return sequence.toString(16).padStart(20, '0');
  }

  onCommit(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** @throws Refusal */
  answer(method: string, { pathname, searchParams }: URL, headers: Headers, body: Buffer): FakeAnswer {
    const [, route = '', key64 = ''] = pathname.split('/');
    if (route === 'transactions') {
      return this.once(headers, `${method} ${pathname} ${body.toString()}`, () =>
        this.transact(JSON.parse(body.toString())),
      );
    }
    if (route === 'reads') return json(this.read(JSON.parse(body.toString())));
    if (route === 'warm' || route === 'stats') return json({ version: this.versionOf(this.sequence) });
    if (route !== 'keys64') throw new Refusal(404, 'route-not-found');
    if (method === 'GET') return this.get(hexOf(key64), searchParams.get('at'), headers);
    const condition = `${String(headers['if-match'])} ${String(headers['if-none-match'])}`;
    return this.once(headers, `${method} ${pathname} ${condition} ${body.toString('base64')}`, () => {
      this.demand(hexOf(key64), headers);
      const op = method === 'PUT' ? 'put' : 'delete';
      return this.transact({ ops: [{ op, key64, value64: body.toString('base64url'), range: {} }] });
    });
  }

  /** @throws Refusal */
  eventOf(sequence: number, prefix: Buffer): string {
    const id = this.versionOf(sequence);
    const changes = this.commits[sequence - 1]?.told.filter(({ key64, start64 }) =>
      Buffer.from(String(key64 ?? start64), 'base64url')
        .subarray(0, prefix.length)
        .equals(prefix),
    );
    return changes?.length === 0 ? `id: ${id}\n\n` : `id: ${id}\ndata: ${JSON.stringify({ version: id, changes })}\n\n`;
  }

  private stateAt(at: string | null | undefined): { readonly state: State; readonly sequence: number } {
    const sequence = at ? parseInt(at, 16) : this.sequence;
    if (sequence > this.sequence) throw new Refusal(400, 'invalid-version');
    return { state: this.commits[sequence - 1]?.state ?? new Map(), sequence };
  }

  private get(key: string, at: string | null, headers: Headers): FakeAnswer {
    const found = this.stateAt(at).state.get(key);
    if (found === undefined) throw new Refusal(404, 'key-not-found');
    const etag = `"${this.versionOf(found.sequence)}"`;
    if (headers['if-none-match'] === etag) return { status: 304, headers: { etag } };
    return { status: 200, headers: { etag }, body: found.value };
  }

  private read({
    gets = [],
    lists = [],
    at,
  }: {
    gets?: { key64: string }[];
    lists?: (Range & { limit?: number; reverse?: boolean; cursor?: string })[];
    at?: string;
  }) {
    const { state, sequence } = this.stateAt(at);
    const shown = ({ value, sequence }: Stored) => ({
      value: value.toString('base64'),
      version: this.versionOf(sequence),
    });
    return {
      version: this.versionOf(sequence),
      gets: gets.map(({ key64 }) => {
        const found = state.get(hexOf(key64));
        return found ? shown(found) : null;
      }),
      lists: lists.map(({ limit = 100, reverse = false, cursor, ...range }) => {
        const keys = [...state.keys()].filter((key) => within(key, range)).sort();
        if (reverse) keys.reverse();
        const rest = keys.filter((key) => cursor === undefined || (reverse ? key < cursor : key > cursor));
        const page = rest.slice(0, limit);
        const entries = page.map((key) => ({
          key: Buffer.from(key, 'hex').toString('base64'),
          ...shown(state.get(key) as Stored),
        }));
        return { entries, cursor: rest.length > page.length ? page.at(-1) : null };
      }),
    };
  }

  private transact({ checks = [], ops = [] }: { checks?: Check[]; ops?: Operation[] }): string {
    const { state } = this.stateAt(null);
    for (const [failedCheck, check] of checks.entries()) {
      const failed = (version?: string | null) => new Refusal(412, 'precondition-failed', { failedCheck, version });
      if ('range' in check) {
        const since = this.commits.slice(parseInt(check.since, 16));
        const keys = new Set(this.commits.flatMap((commit) => [...commit.state.keys()]));
        if ([...keys].some((key) => within(key, check.range) && since.some((commit) => commit.touched(key))))
          throw failed();
        continue;
      }
      const found = state.get(hexOf(check.key64));
      const version = found === undefined ? null : this.versionOf(found.sequence);
      if (check.version === '*' ? version === null : version !== check.version) throw failed(version);
    }
    if (ops.length > 0) this.commit(ops, new Map(state));
    return this.versionOf(this.sequence);
  }

  private commit(ops: readonly Operation[], state: Map<string, Stored>): void {
    const sequence = this.sequence + 1;
    const told: Record<string, unknown>[] = [];
    for (const { op, key64, value64 = '', operand = '0', range } of ops) {
      if (op === 'deleteRange') {
        for (const key of [...state.keys()]) if (within(key, range)) state.delete(key);
        told.push({ op, start64: range.start64 ?? '', end64: range.end64 });
      } else if (op === 'delete') {
        state.delete(hexOf(key64));
        told.push({ op, key64 });
      } else {
        const value =
          op === 'put'
            ? Buffer.from(value64, 'base64url')
            : counted(op, state.get(hexOf(key64))?.value, BigInt(operand));
        state.set(hexOf(key64), { value, sequence });
        told.push({ op: 'put', key64, value64: value.toString('base64url') });
      }
    }
    const touched = (key: string) =>
      ops.some((op) => (op.op === 'deleteRange' ? within(key, op.range) : hexOf(op.key64) === key));
    this.commits.push({ state, told, touched });
    for (const listener of this.listeners) listener();
  }

  private demand(key: string, headers: Headers): void {
    const found = this.stateAt(null).state.get(key);
    const version = found === undefined ? null : this.versionOf(found.sequence);
    const ifMatch = headers['if-match'];
    const holds =
      headers['if-none-match'] === '*'
        ? version === null
        : ifMatch === undefined || (ifMatch === '*' ? version !== null : ifMatch === `"${version}"`);
    if (!holds) throw new Refusal(412, 'precondition-failed', { version });
  }

  /** What has an idempotency key is applied once; what was refused leaves nothing behind. */
  private once(headers: Headers, request: string, apply: () => string): FakeAnswer {
    const key = headers['idempotency-key'];
    if (typeof key !== 'string') return json({ version: apply(), effect: 'committed' });
    const before = this.applied.get(key);
    if (before !== undefined && before.request !== request) throw new Refusal(422, 'idempotency-key-reused');
    const version = before?.version ?? apply();
    this.applied.set(key, { request, version });
    return json({ version, effect: before ? 'repeated' : 'committed' });
  }
}

function counted(op: string, value: Buffer | undefined, operand: bigint): Buffer {
  if (value !== undefined && value.length !== 8) throw new Refusal(422, 'not-a-counter');
  const present = value?.readBigUInt64LE();
  const [low, high] = present !== undefined && present < operand ? [present, operand] : [operand, present ?? operand];
  const result = op === 'sum' ? BigInt.asUintN(64, (present ?? 0n) + operand) : op === 'min' ? low : high;
  const encoded = Buffer.alloc(8);
  encoded.writeBigUInt64LE(result);
  return encoded;
}

function within(key: string, { prefix64 = '', start64, end64 }: Range): boolean {
  return key.startsWith(hexOf(prefix64)) && (!start64 || key >= hexOf(start64)) && (!end64 || key < hexOf(end64));
}

function hexOf(base64: string): string {
  return Buffer.from(base64, 'base64url').toString('hex');
}

function json(value: unknown): FakeAnswer {
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: typeof value === 'string' ? value : JSON.stringify(value),
  };
}
