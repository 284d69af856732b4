import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

const TYPES: Readonly<Record<string, string>> = { '.js': 'text/javascript', '': 'text/html; charset=utf-8' };

/** Somebody's application in a browser: pages, and folders of scripts, on an origin of their own. */
export class WebFiles {
  private constructor(
    private readonly server: Server,
    readonly origin: string,
  ) {}

  /** @param places what lies where: a path that ends in a name is a page, one that ends in a slash a folder, and `/` is a page */
  static async serve(places: Readonly<Record<string, string>>): Promise<WebFiles> {
    const server = createServer((request, response) => {
      const { dir, base, ext } = path.posix.parse(request.url ?? '/');
      const folder = places[`${dir}/`];
      const page = places[request.url ?? '/'];
      const body =
        page === undefined && folder !== undefined ? readFile(path.join(folder, base)) : Promise.resolve(page);
      body.then(
        (text) =>
          response
            .writeHead(text === undefined ? 404 : 200, { 'content-type': TYPES[ext] ?? 'application/octet-stream' })
            .end(text),
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new WebFiles(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
