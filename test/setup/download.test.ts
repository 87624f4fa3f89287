import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import type net from 'node:net';
import { type AddressInfo } from 'node:net';
import path from 'node:path';
import { parseAddress, withoutSecrets } from '../../scripts/setup/address.mjs';
import { download } from '../../scripts/setup/download.mjs';
import { proxyFor } from '../../scripts/setup/proxy.mjs';
import { temporaryFolder } from '../support/setup/folder';
import { type FileServer, serveFile } from '../support/setup/server';

const content = crypto.randomBytes(300_000);
const sha256 = crypto.createHash('sha256').update(content).digest('hex');
const quick = { pause: 1, env: {} };

let server: FileServer;
let file: string;
beforeEach(async () => {
  server = await serveFile(content);
  file = path.join(temporaryFolder(), 'deep', 'file.zip');
});
afterEach(() => server.close());

const here = () => fs.readdirSync(path.dirname(file)).sort();
const expectWhole = () => {
  expect(fs.readFileSync(file).equals(server.content)).toBe(true);
  expect(here()).toEqual(['file.zip']);
};

test('a file is downloaded, with progress, and its checksum is verified', async () => {
  const seen: [number, number | null][] = [];
  const result = await download(server.url, file, {
    ...quick,
    sha256,
    onProgress: (done, total) => seen.push([done, total]),
  });
  expect(result).toEqual({ resumedAt: 0, sha256 });
  expect(seen.at(-1)).toEqual([content.length, content.length]);
  expectWhole();
});

test('an interrupted download is resumed, however often it is interrupted', async () => {
  server.cuts = [50_000, 50_000, 50_000, 50_000, 50_000];
  await download(server.url, file, { ...quick, sha256, tries: 2 });
  expect(server.requests).toEqual(['all', ...[50_000, 100_000, 150_000, 200_000, 250_000].map((at) => `bytes=${at}-`)]);
  expectWhole();
});

test('a failed download never has the final name, and the next one resumes it', async () => {
  server.cuts = [100_000, 0, 0];
  await expect(download(server.url, file, { ...quick, tries: 2 })).rejects.toThrow(/could not download/);
  expect(here()).toEqual(['file.zip.partial', 'file.zip.partial.json']);
  server.cuts = [];
  expect(await download(server.url, file, { ...quick, sha256 })).toEqual({ resumedAt: 100_000, sha256 });
  expect(server.requests.at(-1)).toBe('bytes=100000-');
  expectWhole();
});

test('a file that has changed is downloaded again from the start', async () => {
  server.cuts = [100_000, 0];
  await expect(download(server.url, file, { ...quick, tries: 1 })).rejects.toThrow();
  server.cuts = [];
  server.etag = '"two"';
  server.content = crypto.randomBytes(200_000);
  await download(server.url, file, quick);
  expectWhole();
});

test.each([
  ['does not know ranges', (s: FileServer) => void (s.ranges = false)],
  ['gives no tag', (s: FileServer) => void (s.etag = null)],
  ['gives a weak tag', (s: FileServer) => void (s.etag = 'W/"one"')],
])('from a server that %s it starts over', async (_name, change) => {
  change(server);
  server.cuts = [100_000];
  await download(server.url, file, { ...quick, sha256 });
  expectWhole();
});

test('a file with a wrong checksum is removed, and the error names both checksums', async () => {
  const failure = await download(server.url, file, { ...quick, sha256: '0'.repeat(64) }).catch((error: Error) => error);
  expect(failure).toMatchObject({ name: 'SetupFailure', message: expect.stringContaining('wrong checksum') });
  expect((failure as unknown as { tried: string[] }).tried.join()).toContain(sha256);
  expect(here()).toEqual([]);
});

test('a request to a busy server is repeated', async () => {
  server.failures = [503, 429];
  await download(server.url, file, { ...quick, sha256 });
  expectWhole();
});

test('a request that the server refuses is not repeated', async () => {
  server.failures = [404, 404];
  await expect(download(server.url, file, quick)).rejects.toThrow(/answered 404/);
  expect(server.requests).toHaveLength(1);
});

test('a request without an answer times out', async () => {
  const url = server.url.replace('file.zip', 'silent');
  const failure = await download(url, file, { ...quick, tries: 2, timeout: 50 }).catch((error: unknown) => error);
  expect((failure as { tried: string[] }).tried.join()).toMatch(/no answer for 0.05 s/);
});

test('without a server, the error says what was tried and what to do', async () => {
  const free = await serveFile(content);
  await free.close();
  const failure = await download(free.url, file, { ...quick, tries: 2 }).catch((error: unknown) => error);
  const text = (failure as { explain(): string }).explain();
  expect(text).toContain('2 attempts, the last one: connect ECONNREFUSED');
  expect(text).toContain('set LIBTORCH');
});

test('redirections are followed', async () => {
  await download(server.url.replace('file.zip', 'moved'), file, { ...quick, sha256 });
  expectWhole();
});

test('environment variables choose the proxy', () => {
  const choose = (address: string, env: NodeJS.ProcessEnv) => proxyFor(new URL(address), env)?.href ?? null;
  const env = {
    HTTPS_PROXY: 'http://secure:1',
    HTTP_PROXY: 'plain:2',
    NO_PROXY: 'local.org, .inner.org,other.org:444',
  };
  expect(choose('https://example.org/', env)).toBe('http://secure:1/');
  expect(choose('http://example.org/', env)).toBe('http://plain:2/');
  expect(choose('https://local.org/', env)).toBeNull();
  expect(choose('https://sub.local.org/', env)).toBeNull();
  expect(choose('https://notlocal.org/', env)).not.toBeNull();
  expect(choose('https://a.inner.org/', env)).toBeNull();
  expect(choose('https://other.org:444/', env)).toBeNull();
  expect(choose('https://other.org/', env)).not.toBeNull();
  expect(choose('https://example.org/', { ...env, NO_PROXY: '*' })).toBeNull();
  expect(choose('https://example.org/', { https_proxy: 'http://lower:3' })).toBe('http://lower:3/');
  expect(choose('https://example.org/', {})).toBeNull();
});

describe('a proxy', () => {
  const asked: string[] = [];
  let proxy: http.Server;
  let address: string;
  beforeEach(async () => {
    asked.length = 0;
    proxy = http.createServer((request, response) => {
      asked.push(`GET ${request.url} ${request.headers['proxy-authorization']}`);
      http.get(request.url!, { headers: request.headers }, (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      });
    });
    proxy.on('connect', (request, socket: net.Socket) => {
      asked.push(`CONNECT ${request.url} ${request.headers['proxy-authorization']}`);
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    address = `http://me:p%40ss@127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  });
  afterEach(() => new Promise((resolve) => proxy.close(resolve)));
  const account = `Basic ${Buffer.from('me:p@ss').toString('base64')}`;

  test('is used, with its user name and password', async () => {
    await download(server.url, file, { pause: 1, env: { HTTP_PROXY: address }, sha256 });
    expect(asked).toEqual([`GET ${server.url} ${account}`]);
    expectWhole();
  });

  test('that refuses a tunnel is named in the error', async () => {
    const running = download('https://example.org/x.zip', file, { pause: 1, tries: 1, env: { HTTPS_PROXY: address } });
    const failure = await running.catch((error: unknown) => error);
    expect(asked).toEqual([`CONNECT example.org:443 ${account}`]);
    expect((failure as { tried: string[] }).tried.join()).toMatch(/proxy 127\.0\.0\.1:\d+ answered 407/);
  });
});

test.each([
  ['http://user:secret@host/a', 'http://***@host/a'],
  ['tried https://user:p@ss:word@host:1/a?b=c@d, then more', 'tried https://***@host:1/a?b=c@d, then more'],
  ['https://token@host', 'https://***@host'],
  ['https://host/a@b', 'https://host/a@b'],
])('%s is shown without its password', (text, shown) => {
  expect(withoutSecrets(text)).toBe(shown);
});

test.each(['not an address', 'http://user:secret@host:port/', 'ftp://user:secret@host/a'])(
  "the address '%s' is refused without its password",
  (text) => {
    const failure = (): unknown => parseAddress(text, 'TORCH_FUNC_ARCHIVE_URL');
    expect(failure).toThrow(/^TORCH_FUNC_ARCHIVE_URL is /);
    expect(failure).toThrow(
      expect.objectContaining({ name: 'SetupFailure', message: expect.not.stringContaining('secret') }),
    );
  },
);

test('no error and no file has the password of the address', async () => {
  const address = server.url.replace('http://', 'http://user:secret@');
  const failures: unknown[] = [];
  const attempt = (options = {}) =>
    download(address, file, { ...quick, tries: 1, ...options }).catch((error: unknown) => failures.push(error));
  server.failures = [401];
  await attempt();
  server.cuts = [1000];
  await attempt();
  expect(here()).toEqual(['file.zip.partial', 'file.zip.partial.json']);
  expect(fs.readFileSync(`${file}.partial.json`, 'utf8')).not.toContain('secret');
  server.cuts = [];
  await attempt({ sha256: '0'.repeat(64) });
  expect(failures).toHaveLength(3);
  for (const failure of failures) {
    expect((failure as { explain(): string }).explain()).toContain('http://***@');
    expect((failure as { explain(): string }).explain()).not.toContain('secret');
  }
});

test('a link in place of the partial file is not followed', async () => {
  const target = path.join(temporaryFolder(), 'target');
  fs.writeFileSync(target, 'kept');
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.symlinkSync(target, `${file}.partial`);
  await download(server.url, file, { ...quick, sha256 });
  expect(fs.readFileSync(target, 'utf8')).toBe('kept');
  expect(fs.lstatSync(file).isFile()).toBe(true);
  expectWhole();
});

test.each([
  ['ftp://host/a', /neither HTTPS nor HTTP/],
  ['http://', /is not an address/],
])('a redirection to %s is a failure of the setup', async (location, message) => {
  const redirecting = http.createServer((_, response) => response.writeHead(302, { location }).end());
  await new Promise<void>((resolve) => redirecting.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(redirecting.address() as AddressInfo).port}/a`;
  const failure = await download(url, file, quick).catch((error: unknown) => error);
  redirecting.close();
  expect(failure).toMatchObject({ name: 'SetupFailure', message: expect.stringMatching(message) });
});

test('a folder that cannot be made is a failure of the setup', async () => {
  const inTheWay = path.join(temporaryFolder(), 'file');
  fs.writeFileSync(inTheWay, '');
  const failure = await download(server.url, path.join(inTheWay, 'file.zip'), quick).catch((error: unknown) => error);
  expect(failure).toMatchObject({ name: 'SetupFailure', message: expect.stringContaining('cannot make the folder') });
});
