// HTTPS, straight and through a proxy's tunnel, with a certificate made for this run.

import { spawn, spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { temporaryFolder } from '../support/setup/folder';

const content = crypto.randomBytes(100_000);
const folder = temporaryFolder();
const key = path.join(folder, 'key.pem');
const certificate = path.join(folder, 'certificate.pem');
const made = spawnSync('openssl', [
  ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
  ...['-keyout', key, '-out', certificate, '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
]);
// Without openssl there is no certificate to test with; what is tested does not use it.
const testWithOpenssl = made.status === 0 ? test : test.skip;

const started: http.Server[] = [];
const sockets: net.Socket[] = [];
async function listen(server: http.Server): Promise<number> {
  started.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of started.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

function serve(): Promise<number> {
  const options = { key: fs.readFileSync(key), cert: fs.readFileSync(certificate) };
  return listen(
    https.createServer(options, (_request, response) => void response.end(content)) as unknown as http.Server,
  );
}

/** In a process of its own: certificates to trust are read when Node.js starts. */
async function fetchIt(url: string, file: string, env: NodeJS.ProcessEnv): Promise<string> {
  const download = pathToFileURL(path.resolve(__dirname, '../../scripts/setup/download.mjs')).href;
  const script = `
    import { download } from '${download}';
    await download('${url}', '${file}', { tries: 1 }).catch((error) => console.log(error.explain()));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  await new Promise((resolve) => child.on('close', resolve));
  return output;
}

testWithOpenssl('a download from a trusted server succeeds', async () => {
  const file = path.join(temporaryFolder(), 'x');
  expect(await fetchIt(`https://localhost:${await serve()}/x`, file, { NODE_EXTRA_CA_CERTS: certificate })).toBe('');
  expect(fs.readFileSync(file).equals(content)).toBe(true);
});

testWithOpenssl('a redirection from HTTPS to HTTP is refused', async () => {
  const requests: string[] = [];
  const plain = await listen(http.createServer((request, response) => response.end(requests.push(request.url!))));
  const options = { key: fs.readFileSync(key), cert: fs.readFileSync(certificate) };
  const secure = https.createServer(options, (_request, response) => {
    response.writeHead(302, { location: `http://localhost:${plain}/x` }).end();
  });
  const url = `https://localhost:${await listen(secure as unknown as http.Server)}/x`;
  const file = path.join(temporaryFolder(), 'x');
  expect(await fetchIt(url, file, { NODE_EXTRA_CA_CERTS: certificate })).toContain(
    `${url} leads to http://localhost:${plain}/x, which is not HTTPS`,
  );
  expect(requests).toEqual([]);
  expect(fs.existsSync(file)).toBe(false);
});

testWithOpenssl('a download from a server with an unknown certificate fails', async () => {
  const file = path.join(temporaryFolder(), 'x');
  expect(await fetchIt(`https://localhost:${await serve()}/x`, file, {})).toMatch(/could not download[^]*certificate/);
  expect(fs.existsSync(file)).toBe(false);
});

testWithOpenssl('a tunnel through a proxy carries the same verified connection', async () => {
  const port = await serve();
  const tunnels: string[] = [];
  const proxy = http.createServer();
  proxy.on('connect', (request, socket: net.Socket) => {
    tunnels.push(request.url!);
    sockets.push(socket);
    const onward = net.connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  const env = { HTTPS_PROXY: `http://127.0.0.1:${await listen(proxy)}` };
  const file = path.join(temporaryFolder(), 'x');
  // The proxy finds the host; here it is not asked about its name.
  expect(await fetchIt('https://localhost:4433/x', file, { ...env, NODE_EXTRA_CA_CERTS: certificate })).toBe('');
  expect(tunnels).toEqual(['localhost:4433']);
  expect(fs.readFileSync(file).equals(content)).toBe(true);
  const other = path.join(temporaryFolder(), 'y');
  const refused = await fetchIt('https://elsewhere.test/x', other, { ...env, NODE_EXTRA_CA_CERTS: certificate });
  expect(refused).toMatch(/could not download[^]*(altnames|certificate)/i);
});
