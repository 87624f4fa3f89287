/** A pool of worker threads that answer requests: bytes in, bytes out. */

import path from 'node:path';
import { Worker } from 'node:worker_threads';

/** More requests wait than the pool takes. */
export class BusyError extends Error {
  override name = 'BusyError';
}

interface Job {
  body: Uint8Array;
  resolve(answer: Uint8Array): void;
  reject(error: Error): void;
}

/** What a worker sends for a body. */
type Reply = { answer: Uint8Array } | { error: string };

export class WorkerPool {
  private readonly idle: Worker[] = [];
  private readonly waiting: Job[] = [];
  private readonly running = new Map<Worker, Job | undefined>();
  private isClosed = false;

  /**
   * Starts the workers.
   *
   * @param data what each of them gets as `workerData`: tokens of `torch.share`, which carry no copy
   * @param limit how many requests may wait
   */
  constructor(
    size: number,
    private readonly data: unknown,
    private readonly limit = 1000,
  ) {
    for (let i = 0; i < size; i++) this.startWorker();
  }

  /** The answer to a request. Rejected with a BusyError if too many wait, and if the worker ends. */
  run(body: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (this.isClosed || this.waiting.length >= this.limit) {
        reject(new BusyError(`${this.waiting.length} requests wait`));
        return;
      }
      this.waiting.push({ body, resolve, reject });
      this.next();
    });
  }

  /** Ends the workers. */
  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.all([...this.running.keys()].map((worker) => worker.terminate()));
  }

  private startWorker(): void {
    const worker = new Worker(path.join(__dirname, 'worker.mjs'), { workerData: this.data });
    this.running.set(worker, undefined);
    this.idle.push(worker);
    worker.on('message', (reply: Reply) => {
      const job = this.running.get(worker);
      this.running.set(worker, undefined);
      this.idle.push(worker);
      if ('answer' in reply) job?.resolve(reply.answer);
      else job?.reject(new TypeError(reply.error));
      this.next();
    });
    let reason = new Error('the worker has ended');
    worker.on('error', (error) => (reason = error));
    worker.on('exit', () => {
      this.running.get(worker)?.reject(reason);
      this.running.delete(worker);
      if (this.idle.includes(worker)) this.idle.splice(this.idle.indexOf(worker), 1);
      // A request may end its worker, but not the pool.
      if (!this.isClosed) this.startWorker();
      this.next();
    });
  }

  private next(): void {
    while (this.idle.length > 0 && this.waiting.length > 0) {
      const [worker, job] = [this.idle.shift()!, this.waiting.shift()!];
      this.running.set(worker, job);
      worker.postMessage(job.body);
    }
  }
}
