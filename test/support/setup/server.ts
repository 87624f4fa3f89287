// A server on loopback that serves one file, with the faults that a test chooses.

import http from 'node:http';
import { type AddressInfo } from 'node:net';

export interface FileServer {
  url: string;
  /** The Range header of each request, or 'all'. */
  requests: string[];
  content: Buffer;
  etag: string | null;
  /** Cut the connection after these numbers of bytes of the next answers. */
  cuts: number[];
  /** Answer with these statuses first. */
  failures: number[];
  ranges: boolean;
  close(): Promise<void>;
}

export async function serveFile(content: Buffer): Promise<FileServer> {
  const server = http.createServer((request, response) => {
    const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
    state.requests.push(request.headers.range ?? 'all');
    if (request.url === '/moved') {
      response.writeHead(302, { location: '/file.zip' }).end();
      return;
    }
    if (request.url === '/silent') return;
    const failure = state.failures.shift();
    if (failure !== undefined) {
      response.writeHead(failure).end('no');
      return;
    }
    const fresh = state.etag !== null && request.headers['if-range'] === state.etag;
    const start = state.ranges && range && fresh ? Number(range[1]) : 0;
    const body = state.content.subarray(start);
    response.writeHead(start > 0 ? 206 : 200, {
      'content-length': body.length,
      ...(state.etag === null ? {} : { etag: state.etag }),
      ...(start > 0 ? { 'content-range': `bytes ${start}-${state.content.length - 1}/${state.content.length}` } : {}),
    });
    const cut = state.cuts.shift();
    if (cut === undefined) response.end(body);
    else response.write(body.subarray(0, cut), () => setTimeout(() => response.destroy(), 20));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const state: FileServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/file.zip`,
    requests: [],
    content,
    etag: '"one"',
    cuts: [],
    failures: [],
    ranges: true,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return state;
}
