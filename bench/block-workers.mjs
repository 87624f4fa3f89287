// Threads that allocate, compute, dispose, drop, share and end, or are terminated, at random moments. Each tensor is filled
// with a number of its own: a block that two tensors own at once, or that is used after it was freed, contains a foreign
// number.
//
//   node bench/block-workers.mjs [--seconds 60] [--workers 8]
//
// Prints the counts as JSON; the exit code is 1 if a number was wrong.

import { parseArgs } from 'node:util';
import { setImmediate } from 'node:timers/promises';
import { Worker, isMainThread, parentPort, threadId, workerData } from 'node:worker_threads';

// Elements of 8 bytes: blocks of free lists, of malloc, and of the pool.
const SIZES = [3, 100, 2000, 30_000, 65_536, 300_000, 500_000];
const HELD = 16;

const random = (/** @type {number} */ n) => Math.floor(Math.random() * n);

/** @typedef {{ sent: Float64Array | import('../dist/index.js').SharedTensor, value: number }} Parcel */

async function work() {
  const { default: torch } = await import('../dist/index.mjs');
  torch.setNumThreads(1);
  const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);
  /** @type {{ tensor: import('../dist/index.js').Tensor, value: number }[]} */
  const held = [];
  const counts = { checked: 0, wrong: 0, received: 0 };
  port.on('message', (/** @type {Parcel} */ { sent, value }) => {
    const isToken = 'sharedTensor' in sent;
    held.push({ tensor: isToken ? torch.fromShared(sent) : torch.fromTypedArray(sent, [sent.length]), value });
    counts.received++;
  });
  const gradient = torch.func.grad((/** @type {import('../dist/index.js').Tensor} */ x) => x.mul(x).sum());
  let next = threadId * 1e6;

  /** @param {(typeof held)[number]} entry */
  const check = ({ tensor, value }) => {
    counts.checked++;
    if (tensor.min().item() !== value || tensor.max().item() !== value) counts.wrong++;
  };
  /** @param {(typeof held)[number]} entry */
  const send = ({ tensor, value }) => {
    if (random(2) === 0) {
      const sent = tensor.share();
      if (random(2) === 0) tensor.dispose();
      return port.postMessage({ sent, value });
    }
    const values = /** @type {Float64Array<ArrayBuffer>} */ (tensor.data());
    if (random(2) === 0) return port.postMessage({ sent: values, value }, [values.buffer]);
    const shared = new Float64Array(new SharedArrayBuffer(values.byteLength));
    shared.set(values);
    port.postMessage({ sent: shared, value });
  };

  const end = Date.now() + workerData.milliseconds;
  while (Date.now() < end) {
    for (let i = 0; i < HELD; i++) {
      const value = next++;
      const size = SIZES[random(SIZES.length)] + random(100);
      held.push({ tensor: torch.full([size], value, { dtype: 'float64' }), value });
      if (held.length < HELD) continue;
      const [entry] = held.splice(random(held.length), 1);
      check(entry);
      const action = random(8);
      if (action < 3) entry.tensor.dispose();
      else if (action === 3) check({ tensor: gradient(entry.tensor), value: 2 * entry.value });
      else if (action === 4) send(entry);
    }
    while (held.length > HELD) check(/** @type {(typeof held)[number]} */ (held.pop()));
    await setImmediate();
  }
  held.forEach(check);
  port.postMessage(counts);
  port.close();
}

async function main() {
  const { values } = parseArgs({
    options: { seconds: { type: 'string', default: '60' }, workers: { type: 'string', default: '8' } },
  });
  const end = Date.now() + Number(values.seconds) * 1000;
  const total = { ended: 0, checked: 0, wrong: 0, received: 0 };
  /** @type {Set<Worker>} */
  const running = new Set();
  /** @returns {Promise<void>} */
  const run = async () => {
    while (Date.now() < end) {
      const milliseconds = Math.min(end - Date.now(), 200 + random(1300));
      const worker = new Worker(new URL(import.meta.url), { workerData: { milliseconds } });
      running.add(worker);
      if (random(4) === 0) setTimeout(() => void worker.terminate(), random(milliseconds));
      await new Promise((resolve, reject) => {
        worker.on('message', (message) => {
          if ('checked' in message) {
            for (const [key, count] of Object.entries(message)) total[/** @type {keyof typeof total} */ (key)] += count;
            return;
          }
          const { sent, value } = /** @type {Parcel} */ (message);
          const others = [...running].filter((other) => other !== worker);
          const receiver = others[random(others.length)];
          const isCopy = 'buffer' in sent && sent.buffer instanceof ArrayBuffer;
          receiver?.postMessage({ sent, value }, isCopy ? [/** @type {ArrayBuffer} */ (sent.buffer)] : []);
        });
        worker.on('error', reject);
        worker.on('exit', resolve);
      });
      running.delete(worker);
      total.ended++;
    }
  };
  await Promise.all(Array.from({ length: Number(values.workers) }, run));
  process.stdout.write(`${JSON.stringify(total)}\n`);
  process.exitCode = total.wrong === 0 ? 0 : 1;
}

if (isMainThread) await main();
else await work();
