export type Digests = Readonly<Record<string, { readonly digest: string }>>;

export function bundleFiles(root: string): string[];

export function buildBundles(
  root: string,
  sources: Digests,
): Promise<{ readonly built: number; readonly failure: string | undefined }>;
