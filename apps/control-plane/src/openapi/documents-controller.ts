import { Controller, Get, Header, Res } from '@nestjs/common';
import { formatApiPage } from '@leasehold/protocol';
import type { FastifyReply } from 'fastify';

import { Access, EVERYBODY } from '../auth/access.js';
import { controlDocument } from './control-document.js';

const PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/** The control API told to machines and to people; the same for everybody, whoever asks. */
@Controller()
@Access(EVERYBODY)
export class DocumentsController {
  private readonly document = JSON.stringify(controlDocument());
  private readonly page = formatApiPage(controlDocument(), {
    document: '/v1/openapi.json',
    bearer: 'api key or session token',
  });

  @Get('v1/openapi.json')
  @Header('content-type', 'application/json; charset=utf-8')
  openApi(): string {
    return this.document;
  }

  @Get('docs')
  docs(@Res() reply: FastifyReply): void {
    void reply
      .header('content-type', 'text/html; charset=utf-8')
      .header('content-security-policy', PAGE_POLICY)
      .header('cache-control', 'no-store')
      .send(this.page);
  }
}
