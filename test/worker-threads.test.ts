/** The package in worker threads: each has its own interpreter stack, its own tensors and its own errors. */

import path from 'node:path';
import { Worker } from 'node:worker_threads';

import * as torch from '../lib';
import { native } from '../lib/native';

const entry = path.resolve(__dirname, '..', 'dist', 'index.js');

/** Runs code in a worker thread of its own, with the built package as `torch`; what it posts comes back. */
function inWorker(code: string): { worker: Worker; result: Promise<unknown> } {
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads');
     const torch = require(${JSON.stringify(entry)});
     const post = (value) => parentPort.postMessage(value);
     ${code}`,
    { eval: true },
  );
  const result = new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the worker ended with ${code}`)));
  });
  return { worker, result };
}

const JACOBIANS = (seed: number): string => `
  const f = (x) => torch.stack([x.sin().sum(), x.pow(2).sum()]);
  const jacobians = torch.vmap(torch.func.jacrev(f));
  let largest = 0;
  for (let i = 0; i < 200; i++) {
    const x = torch.linspace(${seed}, ${seed} + 1, 12).view(4, 3);
    const expected = torch.stack([x.cos(), x.mul(2)], 1);
    largest = Math.max(largest, jacobians(x).sub(expected).abs().max().item());
  }
  post(largest);`;

test('several threads transform at once', async () => {
  const workers = [1, 2, 3].map((seed) => inWorker(JACOBIANS(seed)));
  for (const { worker, result } of workers) {
    expect(await result).toBeLessThan(1e-6);
    await worker.terminate();
  }
  expect(
    torch.func
      .grad((x: torch.Tensor) => x.sin())(torch.tensor(0))
      .item(),
  ).toBe(1);
});

test('levels and grad mode of one thread are not seen by another', async () => {
  const { worker, result } = inWorker(
    'post([torch.isGradEnabled(), torch.tensor([1, 2], { requiresGrad: true }).sin().requiresGrad]);',
  );
  // By hand: noGrad ends before an await.
  native.setGradMode(false);
  try {
    expect(await result).toEqual([true, true]);
    expect(torch.isGradEnabled()).toBe(false);
  } finally {
    native.setGradMode(true);
    await worker.terminate();
  }
});

test('an error of one thread is an error there', async () => {
  const { worker, result } = inWorker(
    `try {
       torch.vmap((x) => torch.func.grad(() => { throw new RangeError('mine'); })(x))(torch.ones(3));
     } catch (error) {
       try { torch.ones(2).matmul(torch.ones(3)); } catch (second) {
         post([error.name, error.message, second instanceof torch.RuntimeError, torch.ones(3).sum().item()]);
       }
     }`,
  );
  const answer = await result;
  await worker.terminate();
  expect(answer).toEqual(['RangeError', 'mine', true, 3]);
});

test('a thread can be stopped in the middle of a transform', async () => {
  const { worker, result } = inWorker(
    `torch.vmap((x) => torch.func.jvp((y) => {
       post('inside');
       for (;;) y = y.sin();
     }, [x], [x]))(torch.ones(3));`,
  );
  expect(await result).toBe('inside');
  await worker.terminate();
  expect(native.levelDepth()).toBe(0);
  expect(
    torch
      .vmap((x: torch.Tensor) => x.cos())(torch.zeros(2))
      .toArray(),
  ).toEqual([1, 1]);
  const again = inWorker('post(torch.func.grad((x) => x.pow(2))(torch.tensor(3)).item());');
  expect(await again.result).toBe(6);
  await again.worker.terminate();
});
