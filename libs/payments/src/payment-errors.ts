import { LeaseholdError, type ErrorKind } from '@leasehold/foundation';

/** What of an answer of the provider may be told and logged: its words can hold names, addresses and parts of keys. */
export interface ProviderFailure {
  readonly type: string | undefined;
  readonly code: string | undefined;
  readonly status: number | undefined;
  readonly requestId: string | undefined;
}

export type ProviderErrorKind = Extract<ErrorKind, 'unavailable' | 'unknown' | 'invalid' | 'denied' | 'corrupt'>;

/** The provider did not do what was asked. Has no cause: what the SDK throws holds whole answers. */
export class PaymentProviderError extends LeaseholdError {
  override readonly name = 'PaymentProviderError';

  constructor(
    kind: ProviderErrorKind,
    message: string,
    readonly failure?: ProviderFailure,
  ) {
    super(kind, 'payment-provider', message);
  }
}

/** Not signed by the provider, or not lately, or not what was signed. */
export class EventRefusedError extends LeaseholdError {
  override readonly name = 'EventRefusedError';

  constructor() {
    super(
      'invalid',
      'invalid-signature',
      'the event is not signed by the payment provider, or its signature is too old',
    );
  }
}
