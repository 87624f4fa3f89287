/** The Jacobian engine without files: plans, ranges, and what it asks of readers and writers. */

import * as torch from '../../lib';
import { JobError, type JobErrorCode } from '../../lib/jobs/errors';
import { SampleFunction } from '../../lib/jobs/function/sample-function';
import { type JacobianPlan, parseJacobianPlan, planJacobian } from '../../lib/jobs/jacobian/plan';
import { runJacobian } from '../../lib/jobs/jacobian/run';
import type { RowReader, RowWriter } from '../../lib/jobs/rows';

/** An array in memory: what a file format has to provide. */
class MemoryRows implements RowReader, RowWriter {
  readonly path = 'memory';
  readonly dtype = 'float64';
  finished = false;

  constructor(
    readonly rows: number,
    readonly rowShape: readonly number[],
    readonly values = new Float64Array(rows * rowShape.reduce((product, size) => product * size, 1)),
  ) {}

  get rowBytes(): number {
    return this.rows === 0 ? 8 : this.values.byteLength / this.rows;
  }

  readRows(start: number, count: number): Float64Array {
    const width = this.rowBytes / 8;
    return this.values.slice(start * width, (start + count) * width);
  }

  writeRows(start: number, { buffer, byteOffset, byteLength }: ArrayBufferView): void {
    this.values.set(new Float64Array(buffer.slice(byteOffset, byteOffset + byteLength)), (start * this.rowBytes) / 8);
  }

  finish(): void {
    this.finished = true;
  }

  abort(): void {
    this.finished = false;
  }

  [Symbol.dispose](): void {
    this.abort();
  }
}

const N = 10;
const x = Float64Array.from({ length: 2 * N }, (_, i) => (i - 7) / 4);

// (x1 x2, x1^2, x2) has the Jacobian ((x2, x1), (2 x1, 0), (0, 1)).
const fn = sampleFunction((sample) => {
  const [x1, x2] = sample.unbind(0);
  return torch.stack([x1.mul(x2), x1.pow(2), x2]);
});
const expected = Array.from({ length: N }, (_, n) => {
  const [x1, x2] = x.subarray(2 * n);
  return [x2, x1, 2 * x1, 0, 0, 1];
}).flat();

function sampleFunction(callback: (x: torch.Tensor) => unknown): SampleFunction {
  return new SampleFunction(callback, '/f.ts', 'default', torch);
}

const input = (): MemoryRows => new MemoryRows(N, [2], x);
const output = (): MemoryRows => new MemoryRows(N, [3, 2]);

function codeOf(work: () => unknown): JobErrorCode | 'none' {
  try {
    work();
    return 'none';
  } catch (error) {
    expect(error).toBeInstanceOf(JobError);
    return (error as JobError).code;
  }
}

describe('a plan', () => {
  test('is plain data that JSON preserves', () => {
    const plan = planJacobian(fn, input(), { chunkSize: 3 });
    expect(plan).toEqual({
      job: 'jacobian',
      mode: 'fwd',
      device: 'cpu',
      dtype: 'float64',
      chunkSize: 3,
      compile: true,
      samples: N,
      input: { dtype: 'float64', shape: [2] },
      output: { dtype: 'float64', shape: [3, 2] },
    });
    expect(parseJacobianPlan(JSON.stringify(plan))).toEqual(plan);
  });

  test('follows the options', () => {
    const plan = planJacobian(fn, input(), { mode: 'rev', dtype: 'float32' });
    expect(plan).toMatchObject({ mode: 'rev', dtype: 'float32', output: { dtype: 'float32' } });
    expect(plan.chunkSize).toBe(16_384);
    expect(codeOf(() => planJacobian(fn, input(), { device: 'cuda:99' }))).toBe('device');
    expect(codeOf(() => planJacobian(fn, input(), { chunkSize: 0 }))).toBe('argument');
    expect(codeOf(() => planJacobian(fn, input(), { chunkSize: 1.5 }))).toBe('argument');
    expect(codeOf(() => planJacobian(fn, input(), { mode: 'reverse' as 'rev' }))).toBe('argument');
    expect(codeOf(() => planJacobian(fn, input(), { dtype: 'int32' as 'float32' }))).toBe('argument');
  });

  test('is not made for a function that has no Jacobian', () => {
    expect(
      codeOf(() =>
        planJacobian(
          sampleFunction(() => 1),
          input(),
        ),
      ),
    ).toBe('function');
  });

  const good = JSON.stringify(planJacobian(fn, input()));
  test.each<[string, string, string]>([
    ['no JSON', '{', 'the plan is not JSON: '],
    ['null', 'null', "the plan has job undefined; expected 'jacobian'"],
    ['another job', good.replace('"jacobian"', '"hessian"'), 'the plan has job "hessian"'],
    ['another mode', good.replace('"fwd"', '"auto"'), "the plan has mode \"auto\"; expected 'rev' or 'fwd'"],
    ['no device', good.replace('"cpu"', '3'), 'the plan has device 3; expected a string'],
    ['no chunk', good.replace('16384', '0'), 'the plan has chunkSize 0; expected a positive integer'],
    ['another compile', good.replace('"compile":true', '"compile":1'), 'the plan has compile 1; expected a boolean'],
    ['half a sample', good.replace(`"samples":${N}`, '"samples":0.5'), 'the plan has samples 0.5'],
    ['a negative size', good.replace('[3,2]', '[3,-2]'), 'the plan has output {'],
    [
      'an unknown dtype',
      good.replace('{"dtype":"float64"', '{"dtype":"float99"'),
      'the plan has input {"dtype":"float99"',
    ],
  ])('with %s is refused', (_, text, message) => {
    expect(codeOf(() => parseJacobianPlan(text))).toBe('plan');
    expect(() => parseJacobianPlan(text)).toThrow(message);
  });
});

describe('a run', () => {
  test.each(['rev', 'fwd'] as const)(
    'computes ranges in any order, from a plan that was written down: %s',
    async (mode) => {
      const plan = parseJacobianPlan(JSON.stringify(planJacobian(fn, input(), { mode, chunkSize: 2 })));
      const writer = output();
      for (const [start, end] of [
        [7, 10],
        [0, 3],
        [3, 3],
        [3, 7],
      ]) {
        const report = await runJacobian(plan, { fn, reader: input(), writer }, { start, end });
        expect(report).toMatchObject({ samples: end - start, nonFiniteValues: 0, nonFiniteSamples: 0 });
      }
      // Without the sign of zeros: x1 * 0 may be -0.
      expect(Array.from(writer.values, (value) => value + 0)).toEqual(expected);
      expect(writer.finished).toBe(false);
    },
  );

  test('compiles the Jacobians of chunks, or says why not', async () => {
    const plan = planJacobian(fn, input(), { chunkSize: 2 });
    const { compilation } = await runJacobian(plan, { fn, reader: input(), writer: output() });
    expect(compilation.notCompiled).toBeNull();
    // The first chunk is recorded; an eighth of the second one, one sample, also runs operator by operator.
    expect([compilation.plain.samples, compilation.compiled.samples]).toEqual([1, N - 2]);

    const eager = output();
    const parts = { fn, reader: input(), writer: eager };
    const { compilation: none } = await runJacobian({ ...plan, compile: false }, parts);
    expect([none.notCompiled, none.plain.samples, none.compiled.samples]).toEqual([null, 0, 0]);
    expect(Array.from(eager.values, (value) => value + 0)).toEqual(expected);
  });

  test('reports its progress, and stops between slices', async () => {
    const plan = planJacobian(fn, input(), { chunkSize: 1 });
    const seen: [number, number][] = [];
    const onProgress = (done: number, total: number): void => void seen.push([done, total]);
    await runJacobian(plan, { fn, reader: input(), writer: output() }, { start: 2, end: 6 }, { onProgress });
    expect(seen.at(-1)).toEqual([4, 4]);

    const controller = new AbortController();
    const reason = new Error('stop');
    controller.abort(reason);
    const parts = { fn, reader: input(), writer: output() };
    await expect(runJacobian(plan, parts, undefined, { signal: controller.signal })).rejects.toBe(reason);
  });

  test('refuses parts and ranges that do not belong to the plan', async () => {
    const plan = planJacobian(fn, input());
    const run = async (parts: object, range?: { start: number; end: number }): Promise<string> => {
      const error: unknown = await runJacobian(plan, { fn, reader: input(), writer: output(), ...parts }, range).catch(
        (thrown: unknown) => thrown,
      );
      expect(error).toMatchObject({ name: 'JobError', code: 'plan' });
      return (error as Error).message;
    };
    expect(await run({ reader: new MemoryRows(N, [3]) })).toBe(
      'memory is float64 of shape [10, 3]; the plan is for float64 of shape [10, 2]',
    );
    expect(await run({ reader: new MemoryRows(N + 1, [2]) })).toContain('shape [11, 2]');
    expect(await run({ writer: new MemoryRows(N, [2, 3]) })).toContain('shape [10, 2, 3]');
    for (const [start, end] of [
      [0, N + 1],
      [-1, 2],
      [5, 4],
      [0.5, 2],
    ]) {
      expect(await run({}, { start, end })).toContain(`the range from ${start} to ${end} is not within the 10 samples`);
    }
  });

  test('adds no tensors', async () => {
    const plan: JacobianPlan = planJacobian(fn, input(), { chunkSize: 3 });
    const { tensors } = torch.memoryUsage();
    await runJacobian(plan, { fn, reader: input(), writer: output() });
    expect(torch.memoryUsage().tensors).toBe(tensors);
  });
});
