/** What a tenant may use, as far as it is enforced by the data plane. Undefined: as the service is configured, or without a limit. */
export interface TenantQuotas {
  /** In the long run, by all gateways together. */
  readonly requestsPerSecond?: number | undefined;
  /** At once, after a pause. */
  readonly burstRequests?: number | undefined;
  /** Of bodies and answers together, by all gateways together. */
  readonly bytesPerSecond?: number | undefined;
  /** Under way at the same time, at each gateway. */
  readonly concurrentRequests?: number | undefined;
  /** Databases that are being opened at the same time, at each gateway. */
  readonly concurrentWakes?: number | undefined;
  /** Of all its databases together; only where that is used up. */
  readonly usedUpStorageBytes?: number | undefined;
}
