export function build(options?: { readonly root?: string; readonly bundles?: boolean }): Promise<{
  readonly built: number;
  readonly removed: number;
  readonly failures: readonly { readonly file: string; readonly message: string }[];
}>;
