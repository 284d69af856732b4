export { gatewayConfig } from './config.js';
export type { GatewayConfig } from './config.js';
export type { GatewayParts } from './gateway-parts.js';
export { startGateway } from './start-gateway.js';
