import react from '@vitejs/plugin-react';
import { defaultClientConditions, defineConfig } from 'vite';

/** Where `npx vite apps/console` finds a running control plane while somebody works on the console. */
const CONTROL_PLANE = process.env['CONTROL_PLANE_URL'] ?? 'http://127.0.0.1:4001';
const PROXIED = ['/v1', '/api', '/console-config.json'];

export default defineConfig({
  plugins: [react()],
  resolve: { conditions: ['@leasehold/source', ...defaultClientConditions] },
  build: {
    target: 'es2022',
    // The content security policy takes no `data:` scripts and fonts, and every browser that we build for preloads modules itself.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: Object.fromEntries(PROXIED.map((path) => [path, CONTROL_PLANE])) },
});
