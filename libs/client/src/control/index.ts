/** `@leasehold/client/control`: databases, API keys and tokens of an organization. */
export {
  type ApiKeyAdministration,
  type ApiKeyRecord,
  connectControl,
  type Control,
  type ControlOptions,
  type DatabaseAdministration,
  type DatabaseChange,
  type DatabaseFilter,
  type DatabaseGrant,
  type DatabaseOptions,
  type DatabaseRecord,
  type MintedToken,
  type NewApiKey,
  type NewDatabase,
  type NewToken,
  type Rotation,
  type Scope,
  type SharedDatabase,
  type TokenAdministration,
} from './control.js';
export * from '../errors.js';
