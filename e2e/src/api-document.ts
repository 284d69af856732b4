import type { ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';

import type { Answer } from './api.js';
import { call } from './api.js';

interface Documented {
  readonly content?: Readonly<Record<string, { readonly schema?: { readonly $ref: string } }>>;
}

interface Document {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly responses: Readonly<Record<string, Documented>> }>>>
  >;
}

/** What a gateway promises of itself in `/openapi.json`, to hold its answers against. */
export class ApiDocument {
  private readonly validators = new Map<string, ValidateFunction>();
  private readonly ajv = new Ajv2020({ strict: false, validateFormats: false });

  private constructor(private readonly document: Document) {
    this.ajv.addSchema(document, 'document');
  }

  static async of(gateway: string): Promise<ApiDocument> {
    return new ApiDocument((await call(`${gateway}/openapi.json`)).json<Document>());
  }

  /** @returns what of the answer is not as it is documented; nothing when all of it is. @param path below the database, query included */
  faultsOf(method: string, path: string, answer: Answer): readonly string[] {
    const where = `${method} ${path} ${answer.status}`;
    const response = this.document.paths[this.patternOf(path)]?.[method.toLowerCase()]?.responses[answer.status];
    if (response === undefined) return [`${where}: not documented`];
    if (method === 'HEAD' || answer.status === 304) return answer.body.byteLength === 0 ? [] : [`${where}: has a body`];
    const [type = ''] = (answer.headers.get('content-type') ?? '').split(';');
    const documented = response.content?.[type];
    if (documented === undefined) return [`${where}: is ${type}`];
    const { schema } = documented;
    if (schema === undefined) return [];
    const validate = this.validatorOf(schema.$ref);
    return validate(answer.json()) ? [] : [`${where}: ${this.ajv.errorsText(validate.errors)}`];
  }

  private patternOf(path: string): string {
    const [, first = '', rest] = /^\/([^/?]*)(\/[^?]*)?/.exec(path) ?? [];
    const names: Readonly<Record<string, string>> = { keys: '{key}', keys64: '{key64}' };
    return `/v1/db/{database}/${first}${rest === undefined ? '' : `/${names[first] ?? rest}`}`;
  }

  private validatorOf(ref: string): ValidateFunction {
    const validator = this.validators.get(ref) ?? this.ajv.compile({ $ref: `document${ref}` });
    this.validators.set(ref, validator);
    return validator;
  }
}
