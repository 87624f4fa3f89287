/** The HTTP server: `POST /jacobians`. */

import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

import { BusyError } from './pool';

const MAX_BODY = 64 * 1024;

/** The body of the answer to a request; rejected with a TypeError or SyntaxError if the request is wrong. */
export type Answer = (body: Uint8Array) => Promise<Uint8Array>;

async function bodyOf(request: http.IncomingMessage): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_BODY) throw new TypeError(`the body has more than ${MAX_BODY} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function statusOf(error: unknown): number {
  if (error instanceof BusyError) return 503;
  return error instanceof TypeError || error instanceof SyntaxError ? 400 : 500;
}

async function respond(request: http.IncomingMessage, response: http.ServerResponse, answer: Answer): Promise<void> {
  if (request.method !== 'POST' || request.url !== '/jacobians') {
    response.writeHead(404).end();
    return;
  }
  try {
    const bytes = await answer(await bodyOf(request));
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length }).end(bytes);
  } catch (error) {
    response.writeHead(statusOf(error), { 'content-type': 'text/plain' }).end((error as Error).message);
  }
}

/** Starts a server on a free port. */
export async function serve(answer: Answer): Promise<{ port: number; close(): Promise<void> }> {
  const server = http.createServer((request, response) => void respond(request, response, answer));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { port: (server.address() as AddressInfo).port, close };
}
