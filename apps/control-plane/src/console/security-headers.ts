import type { ControlPlaneConfig } from '../config.js';

/** A year, as browsers' preload lists want it. */
const HSTS_SECONDS = 365 * 24 * 60 * 60;

/** For every answer: the page runs only its own files, talks only to us and the gateway, and is framed by nobody. */
export function securityHeaders(
  config: Pick<ControlPlaneConfig, 'PUBLIC_URL' | 'GATEWAY_URL'>,
): Readonly<Record<string, string>> {
  const gateway = config.GATEWAY_URL === undefined ? '' : ` ${new URL(config.GATEWAY_URL).origin}`;
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src 'self'${gateway}`,
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return {
    'content-security-policy': policy,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    ...(config.PUBLIC_URL?.startsWith('https:') ? { 'strict-transport-security': `max-age=${HSTS_SECONDS}` } : {}),
  };
}
