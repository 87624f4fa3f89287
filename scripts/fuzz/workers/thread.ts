/** A thread of the worker run: random actions, each of which knows its result. */

import * as path from 'node:path';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import * as torch from 'torch-func';
import type { Shared, SharedTensor, Tensor } from 'torch-func';
import { Choices } from '../random';
import { NAMES, SUBJECTS, difference, elementsOf, type gather, plainElements } from './functions';

type Compiled = ((x: Tensor) => unknown) & { async(...args: unknown[]): Promise<unknown> };
type Gather = typeof gather & { async(...args: unknown[]): Promise<unknown> };

/** What a thread is started with. */
export interface Start {
  seed: number;
  milliseconds: number;
  folder: string;
  compiled: Shared<Record<string, Compiled>>;
  gather: Shared<Gather>;
}

/** What threads send each other: a tensor and its elements, or a compiled function. */
export type Parcel = { token: SharedTensor; expected: Float64Array } | { name: string; f: Shared<Compiled> };

export interface Counts {
  checks: number;
  calls: number;
  aborted: number;
  refused: number;
  tokens: number;
}

/** What a thread tells the main thread. */
export type Message = { parcel: Parcel } | { wrong: string } | { counts: Counts };

/** The error with which some threads end. */
export const ON_PURPOSE = 'thrown on purpose';

const HELD = 12;
const IN_FLIGHT = 8;

interface Held {
  tensor: Tensor;
  expected: Float64Array;
  /** Whether other threads may have it, so that nobody writes to it. */
  isShared: boolean;
}

class Thread {
  private readonly choices: Choices;
  private readonly held: Held[] = [];
  private readonly inFlight = new Set<Promise<void>>();
  private readonly counts: Counts = { checks: 0, calls: 0, aborted: 0, refused: 0, tokens: 0 };
  private readonly compiled: Record<string, Compiled>;
  private readonly gather: Gather;
  private files = 0;

  constructor(
    private readonly port: MessagePort,
    private readonly start: Start,
  ) {
    this.choices = new Choices(start.seed);
    this.compiled = torch.fromShared(start.compiled) as unknown as Record<string, Compiled>;
    this.gather = torch.fromShared(start.gather) as unknown as Gather;
    port.on('message', (parcel: Parcel) => this.receive(parcel));
  }

  async run(): Promise<void> {
    const end = Date.now() + this.start.milliseconds;
    torch.setNumThreads(this.choices.of([1, 2, 3]));
    const actions = [
      () => this.make(),
      () => this.check(),
      () => this.drop(),
      () => this.send(),
      () => this.record(),
      () => this.file(),
      () => this.buffer(),
      () => this.throwing(),
      () => this.writeWhileHeld(),
      () => this.callOperator(),
      () => this.call(),
      () => this.call(),
      () => this.call(),
    ];
    while (Date.now() < end) {
      this.choices.of(actions)();
      if (this.inFlight.size >= IN_FLIGHT) await Promise.race(this.inFlight);
      else if (this.choices.chance(0.3)) await setImmediate();
      if (this.choices.chance(1 / 1000)) throw new Error(ON_PURPOSE);
    }
    await Promise.all(this.inFlight);
    for (const entry of this.held)
      this.verify('a tensor at the end', [entry.tensor.data() as Float64Array], [entry.expected]);
    this.tell({ counts: this.counts });
    this.port.close();
  }

  private tell(message: Message): void {
    this.port.postMessage(message);
  }

  private verify(what: string, found: readonly Float64Array[], expected: readonly Float64Array[]): void {
    this.counts.checks++;
    const why = difference(found, expected);
    if (why !== null) this.tell({ wrong: `${what}: ${why}` });
  }

  /** Follows a Promise that the thread does not wait for now. */
  private follow(promise: Promise<void>): void {
    const settled = promise
      .catch((error: Error) => this.tell({ wrong: error.stack ?? error.message }))
      .finally(() => this.inFlight.delete(settled));
    this.inFlight.add(settled);
  }

  private make(): Held {
    const entry = this.fresh(this.choices.of(NAMES));
    // Not this one, which the caller uses.
    if (this.held.length >= HELD) this.drop();
    this.held.push(entry);
    return entry;
  }

  private fresh(name: string): Held {
    const { shape } = SUBJECTS[name];
    const [base, step] = [this.choices.uniform(), this.choices.uniform() / 1000];
    const count = shape.reduce((a, b) => a * b, 1);
    const expected = Float64Array.from({ length: count }, (_, i) => base + step * ((i * 7919) % 1000));
    return { tensor: torch.fromTypedArray(expected, [...shape]), expected, isShared: false };
  }

  private pick(): Held {
    return this.held.length > 0 ? this.choices.of(this.held) : this.make();
  }

  private check(): void {
    const { tensor, expected } = this.pick();
    this.verify('a tensor', [tensor.data() as Float64Array], [expected]);
  }

  /** Disposes of a tensor, or leaves it to the collector. */
  private drop(): void {
    const [entry] = this.held.splice(this.choices.below(this.held.length), 1);
    if (entry !== undefined && this.choices.chance(0.5)) entry.tensor.dispose();
  }

  private send(): void {
    const entry = this.pick();
    const token = entry.tensor.share();
    entry.isShared = true;
    this.counts.tokens++;
    // Some tokens are lost, and some tensors live in the message only.
    if (this.choices.chance(0.2)) return;
    this.tell({ parcel: { token, expected: entry.expected } });
    if (this.choices.chance(0.3)) this.remove(entry);
  }

  private remove(entry: Held): void {
    this.held.splice(this.held.indexOf(entry), 1);
    entry.tensor.dispose();
  }

  private receive(parcel: Parcel): void {
    if ('f' in parcel) {
      this.compiled[parcel.name] = torch.fromShared(parcel.f) as unknown as Compiled;
      return;
    }
    this.held.push({ tensor: torch.fromShared(parcel.token), expected: parcel.expected, isShared: true });
    if (this.held.length > HELD) this.drop();
  }

  /** Compiles a function here, and may send it to another thread. */
  private record(): void {
    const { tensor } = this.pick();
    const name = this.nameFor(tensor);
    const f = torch.compile(SUBJECTS[name].f) as unknown as Compiled;
    const found = torch.scope(() => ({ elements: elementsOf(f(tensor)) })).elements;
    this.verify(`${name}, recorded here`, found, plainElements(name, tensor));
    if (this.choices.chance(0.3)) this.tell({ parcel: { name, f: torch.share(f) } });
  }

  private nameFor(tensor: Tensor): string {
    const isFitting = (name: string): boolean => SUBJECTS[name].shape.join() === tensor.shape.join();
    return this.choices.of(NAMES.filter(isFitting));
  }

  /** An asynchronous call, during which the argument may be written to or disposed of, and which may be aborted. */
  private call(): void {
    const picked = this.pick();
    const name = this.nameFor(picked.tensor);
    const { aliases = false } = SUBJECTS[name];
    const entry = aliases ? this.fresh(name) : picked;
    const expected = plainElements(name, entry.tensor);
    const f = this.compiled[name];
    const controller = this.choices.chance(0.25) ? new AbortController() : undefined;
    const promise =
      controller === undefined ? f.async(entry.tensor) : f.async(entry.tensor, { signal: controller.signal });
    this.counts.calls++;
    this.follow(this.settle(`${name}.async`, promise, expected, controller?.signal));
    if (controller !== undefined) void this.abortLater(controller);
    if (entry.isShared || aliases) return;
    if (this.choices.chance(0.3)) {
      entry.tensor.add_(1);
      entry.expected = entry.expected.map((value) => value + 1);
    } else if (this.choices.chance(0.2)) {
      this.remove(entry);
    }
  }

  private async abortLater(controller: AbortController): Promise<void> {
    const wait = this.choices.below(4);
    if (wait === 1) await setImmediate();
    else if (wait > 1) await setTimeout(this.choices.below(5));
    controller.abort(new Error('aborted'));
  }

  private async settle(
    what: string,
    promise: Promise<unknown>,
    expected: readonly Float64Array[],
    signal?: AbortSignal,
  ): Promise<void> {
    let result: unknown;
    try {
      result = await promise;
    } catch (error) {
      if (signal === undefined || error !== signal.reason) throw error;
      this.counts.aborted++;
      return;
    }
    this.verify(what, elementsOf(result), expected);
  }

  private callOperator(): void {
    const { tensor } = this.pick();
    const copy = this.choices.chance(0.5);
    const expected = copy ? elementsOf(tensor) : elementsOf(torch.cumsum(tensor, 0));
    const promise = copy ? tensor.dataAsync() : torch.callAsync(torch.cumsum, [tensor, 0]);
    this.counts.calls++;
    this.follow(
      promise.then((found) =>
        this.verify('callAsync', found instanceof torch.Tensor ? elementsOf(found) : [found as Float64Array], expected),
      ),
    );
  }

  /** The call must fail, as the synchronous one does: in a thread of the pool, and inside a transform. */
  private throwing(): void {
    const x = torch.ones([3], { dtype: 'float64' });
    const index = torch.tensor([9], { dtype: 'int64' });
    const expected = errorOf(() => this.gather(x, index));
    this.follow(
      this.gather.async(x, index).then(
        () => Promise.reject(new Error('gather.async found an element that is not there')),
        (error: Error) => {
          this.counts.refused++;
          if (error.message !== expected.message || error.constructor !== expected.constructor) throw error;
        },
      ),
    );
    const reason = new RangeError('of the function');
    const found = errorOf(() =>
      torch.vmap(
        torch.func.grad((row: Tensor) => {
          row.sin();
          throw reason;
        }),
      )(torch.ones(2, 2)),
    );
    if (found !== reason) throw found;
  }

  /** Memory that others may have is not copied: a write during a call is an error of the call. */
  private writeWhileHeld(): void {
    const { tensor } = this.fresh('chain');
    const alias = torch.fromShared(tensor.share());
    this.counts.tokens++;
    if (this.choices.chance(0.5)) tensor.dispose();
    const promise = this.compiled.chain.async(alias);
    alias.zero_();
    this.follow(
      promise.then(
        () => Promise.reject(new Error('a write to shared memory was not noticed')),
        (error: Error) => {
          this.counts.refused++;
          if (!error.message.includes('modified by an inplace operation')) throw error;
        },
      ),
    );
  }

  private file(): void {
    const entry = this.pick();
    const file = path.join(this.start.folder, `${this.start.seed}-${this.files++}.npz`);
    const { expected } = entry;
    const write = async (): Promise<void> => {
      await torch.npz.save.async(file, { x: entry.tensor }, { compress: this.choices.chance(0.2) });
      const { x } = await torch.npz.load.async(file);
      this.verify('a file', elementsOf(x), [expected]);
    };
    this.follow(write());
    if (entry.isShared || this.choices.chance(0.5)) return;
    entry.tensor.mul_(2);
    entry.expected = expected.map((value) => 2 * value);
  }

  /** Tensors over the memory of JavaScript, and the reverse. */
  private buffer(): void {
    const { tensor, expected, isShared } = this.pick();
    const values = new Float64Array(new SharedArrayBuffer(expected.byteLength));
    values.set(expected);
    this.verify('frombuffer()', [torch.frombuffer(values).data() as Float64Array], [expected]);
    // From here on the memory is shared with JavaScript.
    if (isShared) this.verify('sharedData()', [new Float64Array(tensor.sharedData() as Float64Array)], [expected]);
  }
}

function errorOf(body: () => unknown): Error {
  try {
    body();
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected an error');
}

/** Runs this thread's part. */
export function serve(): Promise<void> {
  return new Thread(parentPort!, workerData as Start).run();
}
