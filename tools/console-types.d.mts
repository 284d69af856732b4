export const CONSOLE_TYPES: string;

/** The whole file of types. */
export function formatTypes(document: object): Promise<string>;
