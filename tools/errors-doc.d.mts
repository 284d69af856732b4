export interface DocumentedCode {
  readonly status: number;
  readonly title: string;
  readonly meaning: string;
}

/** The whole page docs/errors.md. */
export function formatErrorsPage(codes: Readonly<Record<string, DocumentedCode>>): string;
