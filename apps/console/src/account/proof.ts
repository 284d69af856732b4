/** What was typed as second factor: digits of the app, or a code from paper. */
export function proofOf(typed: string): { readonly code: string } | { readonly backupCode: string } {
  const text = typed.trim();
  return /^[0-9 ]+$/.test(text) ? { code: text.replaceAll(' ', '') } : { backupCode: text };
}
