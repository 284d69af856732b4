import fastify from 'fastify';

import { serve } from '../child/serve.js';
import { BODY_TYPE, recordBytes } from './asked-keys.js';

/** What the gateway is measured against: Fastify as it comes, with a route that gives bytes from memory and one that takes them. */
serve({
  start: async (): Promise<string> => {
    const server = fastify();
    const value = Buffer.from(recordBytes());
    let taken: unknown;
    server.removeAllContentTypeParsers();
    server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    server.get('/v1/db/:database/keys64/:key', async (_request, reply) => {
      void reply.header('content-type', BODY_TYPE);
      return value;
    });
    server.put('/v1/db/:database/keys64/:key', async (request) => {
      taken = request.body;
      return { version: '0000000000000001.0000000000000001', sizeBytes: (taken as Buffer).byteLength };
    });
    return server.listen({ host: '127.0.0.1', port: 0 });
  },
});
