/** `@leasehold/client/control`: databases, API keys and tokens of an organization. */
export {
  type ApiKeyAdministration,
  type ApiKeyRecord,
  connectControl,
  type Control,
  type ControlOptions,
  type DatabaseAdministration,
  type DatabaseRecord,
  type MintedToken,
  type NewApiKey,
  type NewToken,
  type Rotation,
  type Scope,
  type TokenAdministration,
} from './control.js';
export * from '../errors.js';
