export interface ProtocolPage {
  readonly name: string;
  readonly text: string;
}

export interface DocumentedVariant {
  readonly name: string;
  readonly invariant: string;
  readonly breaks: string;
}

export interface InvariantRow {
  readonly invariant: string;
  readonly page: string;
  readonly says: string;
  readonly code: string;
  readonly test: string;
}

/** Invariants of the design without any code, and why. */
export const NOT_BUILT: Readonly<Record<string, string>>;

/** Of the tables of invariants of all pages. */
export function invariantRows(pages: readonly ProtocolPage[]): readonly InvariantRow[];

/** The whole page docs/protocols/README.md. */
export function formatInvariantsPage(pages: readonly ProtocolPage[], variants: readonly DocumentedVariant[]): string;

/** The pages of docs/protocols, but for the one that is generated. */
export function readPages(): Promise<readonly ProtocolPage[]>;
