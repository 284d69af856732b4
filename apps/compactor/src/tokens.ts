/** Injection tokens of what is built before the module. */
export const COMPACTOR_CONFIG = Symbol('COMPACTOR_CONFIG');
/** The bucket, one attempt per call. */
export const STORE = Symbol('STORE');
export const WORKERS_SETTINGS = Symbol('WORKERS_SETTINGS');
