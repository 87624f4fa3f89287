/**
 * An HTTP server that answers Jacobians of a network to 200 connections: on the event loop, asynchronously, and with a pool
 * of workers.
 *
 *     npm run example -- jacobian-server
 *     node node_modules/jiti/lib/jiti-cli.mjs examples/jacobian-server/main.ts --seconds 10
 */

import { once } from 'node:events';
import os from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';

import { checkError, checkThat, part } from '../support/check';
import { BATCH, INPUTS, answer, format, parse } from './answer.mjs';
import type { Load, Outcome } from './load.mjs';
import { WorkerPool } from './pool';
import { type Answer, serve } from './server';

const { Linear } = torch.nn;

const CONNECTIONS = 200;
const BODIES = 8;
const RESOLUTION = 1;

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '0.5' } } });
const seconds = Number(values.seconds);

torch.manualSeed(0);

torch.setDefaultDtype('float64');

/** A network such as a learned model of a robot: some numbers in, some out. */
const HIDDEN = 256;
const layers = [new Linear(INPUTS, HIDDEN), new Linear(HIDDEN, HIDDEN), new Linear(HIDDEN, 6)];
for (const layer of layers) layer.requiresGrad_(false);
const [first, second, last] = layers;
const network = (x: Tensor): Tensor => last(second(first(x).tanh()).tanh());

const jacobian = torch.compile(torch.vmap(torch.func.jacrev(network)));
// Compiles for this shape; what follows, on all threads, runs what was compiled.
jacobian(torch.zeros(BATCH, INPUTS));

/** The closed form: the product of the weights and of the derivatives of tanh. */
function closedForm(x: Tensor): Tensor {
  const h1 = first(x).tanh();
  const h2 = second(h1).tanh();
  const slope = (h: Tensor): Tensor => h.square().neg().add(1).unsqueeze(1);
  return last.weight.mul(slope(h2)).matmul(second.weight).mul(slope(h1)).matmul(first.weight);
}

const bodies = Array.from({ length: BODIES }, (_, i) => {
  const inputs = torch.randn(BATCH - i, INPUTS);
  return { text: JSON.stringify({ inputs: inputs.toArray() }), expected: closedForm(inputs) };
});

/** The largest error of the answers. */
function errorOf(answers: readonly string[]): number {
  const errors = bodies.map(({ expected }, i) => {
    if (answers[i] === undefined) return 0;
    const { jacobians } = JSON.parse(answers[i]) as { jacobians: number[][][] };
    return torch.tensor(jacobians).sub(expected).abs().max().item();
  });
  return Math.max(...errors);
}

const milliseconds = (time: number): string => `${time.toFixed(1)} ms`;

function summary(latencies: readonly number[]): string {
  const sorted = [...latencies].sort((a, b) => a - b);
  const quantile = (q: number): number => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
  return `latency p50 ${milliseconds(quantile(0.5))}, p99 ${milliseconds(quantile(0.99))}, max ${milliseconds(sorted[sorted.length - 1])}`;
}

/** Runs the clients against a server; `interval` is how often each connection sends a request. */
async function measure(port: number, interval: number): Promise<number> {
  const load: Load = { port, connections: CONNECTIONS, seconds, interval, bodies: bodies.map(({ text }) => text) };
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION });
  delay.enable();
  const clients = new Worker(path.join(__dirname, 'load.mjs'), { workerData: load });
  const [outcome] = (await once(clients, 'message')) as [Outcome];
  delay.disable();
  const rate = outcome.latencies.length / outcome.seconds;
  console.log(
    `       ${interval === 0 ? 'one request after the other' : `a request every ${interval} ms`}: ${rate.toFixed(0)} requests/s; ` +
      `${summary(outcome.latencies)}; event loop late by p99 ${milliseconds(delay.percentile(99) / 1e6 - RESOLUTION)}`,
  );
  checkThat('every request was answered', outcome.statuses.join() === '200', `${outcome.latencies.length} requests`);
  checkThat('the same request has the same answer', outcome.different === 0);
  checkError('the answers are the Jacobians', errorOf(outcome.answers), 1e-12);
  return rate;
}

async function measureServer(title: string, answerTo: Answer): Promise<void> {
  part(title);
  const server = await serve(answerTo);
  const rate = await measure(server.port, 0);
  // Half of what it can do.
  await measure(server.port, Math.ceil((2 * 1000 * CONNECTIONS) / rate));
  const response = await fetch(`http://127.0.0.1:${server.port}/jacobians`, {
    method: 'POST',
    body: '{"inputs": [[1]]}',
  });
  checkThat('a wrong request is refused', response.status === 400, await response.text());
  await server.close();
}

async function main(): Promise<void> {
  await measureServer('On the event loop', (body) => Promise.resolve(answer(body, jacobian)));

  await measureServer('With async: JSON on the event loop, Jacobians on another thread', async (body) => {
    const { inputs, count } = parse(body);
    const promise = jacobian.async(inputs);
    inputs.dispose();
    using result = await promise;
    return torch.scope(() => ({ bytes: format(result, count) })).bytes;
  });

  // The pool shares the compiled function: nothing is compiled or copied in the workers.
  const size = Math.max(2, os.availableParallelism());
  const pool = new WorkerPool(size, torch.share({ jacobian }));
  await measureServer(`With a pool of ${size} workers`, (body) => pool.run(body));
  await pool.close();
}

void main();
