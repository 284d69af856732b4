export type Json = Readonly<Record<string, unknown>>;

/** An operation of an OpenAPI 3.1 document, as far as others here look into it. */
export interface ApiOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly parameters: readonly Json[];
  readonly responses: Readonly<Record<string, { readonly description: string } & Json>>;
  readonly requestBody?: Json;
  readonly security: readonly Json[];
  readonly tags: readonly string[];
}
