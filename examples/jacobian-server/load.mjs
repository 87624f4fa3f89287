// The clients, in a thread of their own: connections that send requests one after the other, and measure the latencies.

import http from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';

/** @typedef {{ port: number, connections: number, seconds: number, interval: number, bodies: string[] }} Load */
/** @typedef {{ latencies: number[], seconds: number, answers: string[], different: number, statuses: number[] }} Outcome */

/** @type {Load} */
const { port, connections, seconds, interval, bodies } = workerData;
const agent = new http.Agent({ keepAlive: true, maxSockets: connections });

/** @param {string} body @returns {Promise<{ status: number, answer: string }>} */
function post(body) {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const request = http.request({ port, agent, method: 'POST', path: '/jacobians', headers }, (response) => {
      /** @type {Buffer[]} */
      const parts = [];
      response.on('data', (/** @type {Buffer} */ part) => parts.push(part));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, answer: Buffer.concat(parts).toString('latin1') }),
      );
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** @type {Outcome} */
const outcome = { latencies: [], seconds: 0, answers: [], different: 0, statuses: [] };

/** Waits, but not beyond the end. @param {number} milliseconds */
const pause = (milliseconds) => setTimeout(Math.max(0, Math.min(milliseconds, end - performance.now())));

/** @param {number} connection */
async function client(connection) {
  // Not all at the same moment.
  await pause((interval * connection) / connections);
  for (let i = connection; performance.now() < end; i++) {
    const which = i % bodies.length;
    const from = performance.now();
    const { status, answer } = await post(bodies[which]);
    const latency = performance.now() - from;
    outcome.latencies.push(latency);
    if (!outcome.statuses.includes(status)) outcome.statuses.push(status);
    // The same question has the same answer, to the last bit.
    outcome.answers[which] ??= answer;
    if (answer !== outcome.answers[which]) outcome.different++;
    await pause(interval - latency);
  }
}

const start = performance.now();
const end = start + 1000 * seconds;
await Promise.all(Array.from({ length: connections }, (_, i) => client(i)));
outcome.seconds = (performance.now() - start) / 1000;
agent.destroy();
/** @type {import('node:worker_threads').MessagePort} */ (parentPort).postMessage(outcome);
