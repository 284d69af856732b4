import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

import { assert } from '@leasehold/foundation';
import type { Logger } from '@leasehold/service-kit';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

import type { ControlPlaneConfig } from '../config.js';
import { securityHeaders } from './security-headers.js';

/** Beside this app, whether we run from src/ or dist/. */
const DEFAULT_FOLDER = fileURLToPath(new URL('../../../console/public/', import.meta.url));
/** A console is a few files; more means that the folder is the wrong one. */
const MAX_FILES = 1_000;
const INDEX = 'index.html';

/** Files of other kinds are not served. */
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.woff2': 'font/woff2',
};

interface ConsoleFile {
  /** Path in the URL. */
  readonly path: string;
  readonly contentType: string;
  readonly bytes: Buffer;
  readonly etag: string;
}

/** Serves the console at `/`, and puts the security headers on every answer of the service. */
export async function serveConsole(
  app: NestFastifyApplication,
  config: ControlPlaneConfig,
  logger: Logger,
): Promise<void> {
  const server = app.getHttpAdapter().getInstance();
  const headers = Object.entries(securityHeaders(config));
  server.addHook('onRequest', async (request, reply) => {
    for (const [name, value] of headers) reply.header(name, value);
    // Answers of the API are for whoever asked, now.
    if (request.url.startsWith('/v1/')) reply.header('cache-control', 'no-store');
  });
  const folder = resolve(config.CONSOLE_DIR ?? DEFAULT_FOLDER);
  const files = await readFiles(folder);
  if (files.length === 0) logger.warn({ folder }, 'no console: there are no files');
  for (const { path, contentType, bytes, etag } of files) {
    server.get(path, async (request, reply) => {
      // Asked for again at every visit, and answered with 304: the files of one version belong together.
      reply.header('etag', etag).header('cache-control', 'no-cache');
      if (request.headers['if-none-match'] === etag) return reply.status(304).send();
      return reply.header('content-type', contentType).send(bytes);
    });
  }
}

/**
 * Every file below the folder, read at start. Only what is found here becomes a route, so that no path of a request ever
 * touches the file system. Hidden files are left out.
 */
async function readFiles(folder: string): Promise<readonly ConsoleFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const names = entries
    .filter((entry) => entry.isFile() && Object.hasOwn(CONTENT_TYPES, extname(entry.name)))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep))
    .filter((parts) => !parts.some((part) => part.startsWith('.')));
  assert(names.length <= MAX_FILES, `the console has at most ${MAX_FILES} files`);
  return Promise.all(names.map((parts) => readConsoleFile(folder, parts)));
}

async function readConsoleFile(folder: string, parts: readonly string[]): Promise<ConsoleFile> {
  const bytes = await readFile(join(folder, ...parts));
  const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
  const shown = parts.at(-1) === INDEX ? [...parts.slice(0, -1), ''] : parts;
  const contentType = CONTENT_TYPES[extname(parts.at(-1) ?? '')] ?? 'application/octet-stream';
  return { path: `/${shown.join('/')}`, contentType, bytes, etag };
}
