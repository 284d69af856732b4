import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Output } from '../output.js';

/** Answers every request of a command alike, and notes what was asked and printed. */
export class ControlStandIn {
  /** `POST /v1/databases {"name":"acme"}` */
  readonly asked: string[] = [];
  readonly lines: string[] = [];

  private constructor(
    private readonly server: Server,
    readonly env: NodeJS.ProcessEnv,
  ) {}

  /** @param answer to a method and path */
  static async start(answer: (method: string, url: string) => object): Promise<ControlStandIn> {
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => (body += part.toString()));
      request.on('end', () => {
        const { method = '', url = '' } = request;
        standIn.asked.push([method, url, body].filter(Boolean).join(' '));
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify(answer(method, url)));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const env = { LEASEHOLD_API_KEY: 'lh_key', LEASEHOLD_URL: url, LEASEHOLD_CONTROL_URL: url };
    const standIn = new ControlStandIn(server, env);
    return standIn;
  }

  output(json = false): Output {
    const line = async (text: string) => void this.lines.push(text);
    return { json, line, bytes: async () => undefined, say: () => undefined };
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
