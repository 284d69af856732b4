import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

import { assert } from '@leasehold/foundation';
import type { Logger } from '@leasehold/service-kit';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';

import type { ControlPlaneConfig } from '../config.js';
import { securityHeaders } from './security-headers.js';

/** Beside this app, whether we run from src/ or dist/. */
const DEFAULT_FOLDER = fileURLToPath(new URL('../../../console/dist/', import.meta.url));
/** A console is a few files; more means that the folder is the wrong one. */
const MAX_FILES = 1_000;
const INDEX = 'index.html';
/** Addresses of the console's own: what they mean is decided in the browser, so each of them is the same page. */
const PAGES = ['/console', '/console/*'];
/** The bundler names these by what is in them: under one name there is only ever one content. */
const HASHED = /^\/assets\/.*-[\w-]{8}\.\w+$/;
const YEAR_SECONDS = 365 * 24 * 60 * 60;
/** Below this, compressing costs more than it saves. */
const MIN_COMPRESSED_BYTES = 1_024;
const COMPRESSED_TYPES = /^(text\/|application\/json|image\/svg)/;

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
  /** By gzip; undefined where that is of no use. */
  readonly compressed: Buffer | undefined;
  readonly cacheControl: string;
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
  for (const file of files) {
    const paths = file.path === '/' ? [file.path, ...PAGES] : [file.path];
    for (const path of paths) server.get(path, async (request, reply) => answer(file, request, reply));
  }
}

function answer(file: ConsoleFile, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { contentType, bytes, compressed, etag, cacheControl } = file;
  reply.header('etag', etag).header('cache-control', cacheControl);
  if (compressed) reply.header('vary', 'accept-encoding');
  if (request.headers['if-none-match'] === etag) return reply.status(304).send();
  reply.header('content-type', contentType);
  if (!compressed || !takesGzip(request.headers['accept-encoding'])) return reply.send(bytes);
  return reply.header('content-encoding', 'gzip').send(compressed);
}

function takesGzip(accepted: string | string[] | undefined): boolean {
  return /(^|,)\s*gzip\s*(;\s*q=(1|0\.\d*[1-9])\d*)?\s*(,|$)/.test(String(accepted ?? ''));
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
  const path = `/${(parts.at(-1) === INDEX ? [...parts.slice(0, -1), ''] : parts).join('/')}`;
  const contentType = CONTENT_TYPES[extname(parts.at(-1) ?? '')] ?? 'application/octet-stream';
  const isCompressed = bytes.length >= MIN_COMPRESSED_BYTES && COMPRESSED_TYPES.test(contentType);
  return {
    path,
    contentType,
    bytes,
    etag,
    compressed: isCompressed ? await promisify(gzip)(bytes) : undefined,
    // Others are asked for again at every visit, and answered with 304: the files of one version belong together.
    cacheControl: HASHED.test(path) ? `public, max-age=${YEAR_SECONDS}, immutable` : 'no-cache',
  };
}
