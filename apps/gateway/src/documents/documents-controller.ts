import { Controller, Get, Res } from '@nestjs/common';
import { formatApiPage, openApiDocument } from '@leasehold/protocol';
import type { FastifyReply } from 'fastify';

/** The API told to machines and to people; the same for everybody, whoever asks. */
@Controller()
export class DocumentsController {
  private readonly document = JSON.stringify(openApiDocument());
  private readonly page = formatApiPage(openApiDocument());

  @Get('openapi.json')
  openApi(@Res() reply: FastifyReply): void {
    send(reply, 'application/json; charset=utf-8', this.document);
  }

  @Get('docs')
  docs(@Res() reply: FastifyReply): void {
    reply.header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
    send(reply, 'text/html; charset=utf-8', this.page);
  }
}

function send(reply: FastifyReply, type: string, body: string): void {
  void reply
    .header('content-type', type)
    .header('cache-control', 'public, max-age=300')
    .header('x-content-type-options', 'nosniff')
    .send(body);
}
