import { createRequire, isBuiltin } from 'node:module';
import { join } from 'node:path';

/**
 * Not in a bundle: what has machine code or files of its own, what is large and seldom needed, and what Nest and pg look for and do
 * without, which stays as absent as it is.
 */
export const OUTSIDE = [
  '@node-rs/*',
  'lz4-napi',
  // Finds machine code below its own folder, and does with less when it does not.
  'msgpackr',
  'pdfkit',
  '@prisma/client/runtime/*.wasm-base64.mjs',
  'pg-native',
  '@nestjs/microservices*',
  '@nestjs/websockets*',
  '@nestjs/platform-express',
  '@fastify/static',
  '@fastify/view',
  '@fastify/multipart',
  'class-validator',
  'class-transformer*',
];

/**
 * A bundle asks for these from where it lies, which may be another version than the module inside of it would get.
 * @param {string} root
 * @param {import('esbuild').Metafile} metafile
 * @throws Error when it is
 */
export function requireSamePackages(root, { inputs, outputs }) {
  const bundles = Object.keys(outputs).filter((name) => outputs[name]?.entryPoint !== undefined);
  for (const [importer, { imports }] of Object.entries(inputs)) {
    for (const { path, external } of imports) {
      if (!external || isBuiltin(path)) continue;
      const wanted = resolved(join(root, importer), path);
      const other = bundles.find((bundle) => resolved(join(root, bundle), path) !== wanted);
      if (other !== undefined) throw new Error(`${path} is another one for ${other} than for ${importer}`);
    }
  }
}

/** @param {string} from @param {string} name */
function resolved(from, name) {
  try {
    return createRequire(from).resolve(name);
  } catch {
    return undefined;
  }
}
