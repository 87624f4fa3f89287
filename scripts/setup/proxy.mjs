// Connections through the proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name.

import http from 'node:http';
import https from 'node:https';
import tls from 'node:tls';
import { parseAddress } from './address.mjs';

/**
 * The proxy for an address, or null.
 *
 * @param {URL} url
 * @param {NodeJS.ProcessEnv} [env]
 */
export function proxyFor(url, env = process.env) {
  const read = (/** @type {string} */ name) => env[name.toLowerCase()] || env[name] || '';
  const proxy = (url.protocol === 'https:' ? read('HTTPS_PROXY') : read('HTTP_PROXY')) || read('ALL_PROXY');
  if (!proxy || isExempt(url, read('NO_PROXY'))) return null;
  return parseAddress(/^[a-z]+:\/\//i.test(proxy) ? proxy : `http://${proxy}`, 'the proxy of the environment');
}

/** @param {URL} url @param {string} list */
function isExempt(url, list) {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return list.split(/[\s,]+/).some((item) => {
    if (item === '*') return true;
    const match = /^\*?\.?(.+?)(?::(\d+))?$/.exec(item);
    if (!match) return false;
    return (match[2] === undefined || match[2] === port) && (host === match[1] || host.endsWith(`.${match[1]}`));
  });
}

/**
 * A GET request, through the proxy if there is one for this address.
 *
 * @param {URL} url
 * @param {Record<string, string>} headers
 * @param {{ env?: NodeJS.ProcessEnv, timeout?: number }} [options] how long to wait for a silent connection, in milliseconds
 * @returns {Promise<http.IncomingMessage>}
 */
export async function get(url, headers, { env = process.env, timeout = 60_000 } = {}) {
  const proxy = proxyFor(url, env);
  /** @type {http.RequestOptions} */
  let options = { headers: { ...headers, host: url.host } };
  let target = url;
  if (proxy && url.protocol === 'http:') {
    target = proxy;
    options = { path: url.href, headers: { ...options.headers, ...authorization(proxy) } };
  } else if (proxy) {
    const socket = await tunnel(proxy, url, timeout);
    // Node.js uses this function only without an agent.
    options.createConnection = () => tls.connect({ socket, servername: url.hostname });
  }
  return new Promise((resolve, reject) => {
    const client = target.protocol === 'https:' ? https : http;
    const request = client.get(target, options, resolve);
    request.on('error', reject);
    request.setTimeout(timeout, () => request.destroy(new Error(`no answer for ${timeout / 1000} s`)));
  });
}

/** @param {URL} proxy @param {URL} url @param {number} timeout @returns {Promise<import('node:net').Socket>} */
function tunnel(proxy, url, timeout) {
  return new Promise((resolve, reject) => {
    const place = `${url.hostname}:${url.port || 443}`;
    const client = proxy.protocol === 'https:' ? https : http;
    const request = client.request({
      host: proxy.hostname,
      port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
      method: 'CONNECT',
      path: place,
      headers: { host: place, ...authorization(proxy) },
      agent: false,
    });
    request.on('connect', (answer, socket) => {
      if (answer.statusCode === 200) resolve(socket);
      else reject(new Error(`the proxy ${proxy.host} answered ${answer.statusCode} ${answer.statusMessage}`));
    });
    request.on('error', (error) => reject(new Error(`the proxy ${proxy.host} cannot be reached: ${error.message}`)));
    request.setTimeout(timeout, () => request.destroy(new Error(`no answer for ${timeout / 1000} s`)));
    request.end();
  });
}

/** @param {URL} proxy @returns {Record<string, string>} */
function authorization(proxy) {
  if (!proxy.username) return {};
  const account = `${decoded(proxy.username)}:${decoded(proxy.password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(account).toString('base64')}` };
}

/** A `%` without an escape after it is a plain character. @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
