/**
 * The parity harness: every case is described once, run here and in Python PyTorch, and compared.
 *
 * ```ts
 * parity('sums', (cases) => {
 *   cases.inputs({ x: some([3, 4]), i: tensorOf([0, 2], 'int64') }); // for all cases that follow
 *   cases.add('x.sum(0, keepdim=True)', ({ x }) => x.sum(0, { keepdim: true }));
 *   cases.add('torch.func.grad(lambda x: x[i].sum())(x)', ({ x, i }) => ...);
 *   cases.group('failures', () => {
 *     cases.add('x.sum(7)', ({ x }) => x.sum(7)); // both must fail with the same class
 *   });
 * });
 * ```
 *
 * The Python is an expression over the inputs' names, or the body of a function that returns. `torch`, `F`, `nn`, `math` and
 * the exports of torch.func are in scope. Results are any nesting of arrays and objects of tensors, numbers, booleans,
 * strings (dtypes too) and null. One call of `parity` is one Python process, so a test file has one call. Before each case
 * both sides set seed 0 and the default dtype float32. Without a Python every test of the file fails and says how to get one.
 */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import { native } from '../../../lib/native';
import { compare, type Encoded } from './compare';
import { buildTensor, toJson, type TensorSpec } from './inputs';
import { runPython } from './python';

export { flat, some, tensorOf } from './inputs';
export type { TensorSpec } from './inputs';

export type Inputs = Record<string, Tensor>;

export interface CaseOptions {
  /** The test's name; by default the Python text. */
  name?: string;
  /** Inputs of this case only, in addition to the common ones. */
  inputs?: Record<string, TensorSpec>;
  /** Replaces the tolerance of the dtype: 1e-12 for float64, 1e-6 for float32, relative (absolute below 1). */
  tolerance?: number;
  /** The class of the error if it must differ from Python's, and why. */
  error?: { class: string; because: string };
  /** If both fail: whether the first lines of the messages must agree too, in JavaScript's spelling, not only the classes. */
  comparesMessages?: boolean;
}

export interface Cases {
  /** Sets the inputs of all cases that follow. */
  inputs(specs: Record<string, TensorSpec>): void;
  add(python: string, javascript: (inputs: any) => unknown, options?: CaseOptions): void;
  group(title: string, define: () => void): void;
}

type Answer = { result: Encoded } | { error: string; message: string };

interface Request {
  python: string;
  inputs: Record<string, TensorSpec>;
}

function outcome(
  javascript: (inputs: Inputs) => unknown,
  specs: Record<string, TensorSpec>,
): { value: unknown } | { error: Error } {
  torch.manualSeed(0);
  torch.setDefaultDtype('float32');
  const inputs = Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, buildTensor(spec)]));
  try {
    return { value: javascript(inputs) };
  } catch (error) {
    return { error: error as Error };
  } finally {
    torch.setDefaultDtype('float32');
  }
}

// Python has its own names for the types of libtorch: torch.DoubleTensor for CPUDoubleType.
const firstLine = (text: string): string =>
  text
    .trim()
    .split('\n')[0]
    .replace(/\[CPU(\w+)Type \[/, '[torch.$1Tensor [');

// The same words, with JavaScript's names for types and values.
const SPELLINGS: Record<string, string> = {
  "<class 'int'>": 'number',
  "<class 'float'>": 'number',
  "<class 'str'>": 'string',
  None: 'null',
  True: 'true',
  False: 'false',
  'set_detect_anomaly(True, check_nan=False)': 'setDetectAnomaly(true, { checkNan: false })',
};
const inOurSpelling = (text: string): string =>
  text.replace(/<class '\w+'>|set_detect_anomaly\(.*?\)|\b(None|True|False)\b/g, (name) => SPELLINGS[name] ?? name);

function check(answer: Answer, got: ReturnType<typeof outcome>, options: CaseOptions): void {
  if ('error' in answer) {
    if ('value' in got) {
      throw new Error(`got ${String(got.value)}, but PyTorch raises ${answer.error}: ${answer.message}`);
    }
    const expected = options.error?.class ?? answer.error;
    if (got.error.name !== expected) {
      throw new Error(
        `threw ${got.error.name}: ${got.error.message}\nbut PyTorch raises ${answer.error}: ${answer.message}`,
        { cause: got.error },
      );
    }
    const ours = firstLine(got.error.message);
    const theirs = inOurSpelling(firstLine(answer.message));
    if (options.comparesMessages && ours !== theirs)
      throw new Error(`the message is ${ours}\nand in PyTorch ${theirs}`);
    return;
  }
  if ('error' in got) {
    throw new Error(`threw ${got.error.name}: ${got.error.message}`, { cause: got.error });
  }
  compare(got.value, answer.result, options.tolerance);
}

/** Defines the parity tests of a file; see above. */
export function parity(title: string, define: (cases: Cases) => void): void {
  const requests: Request[] = [];
  let answers: Answer[] = [];
  let common: Record<string, TensorSpec> = {};

  describe(title, () => {
    beforeAll(async () => {
      torch.setNumThreads(1);
      const cases = requests.map(({ python, inputs }) => ({
        python,
        inputs: Object.fromEntries(Object.entries(inputs).map(([name, spec]) => [name, toJson(spec)])),
      }));
      ({ answers } = (await runPython('run_cases.py', { cases })) as { answers: Answer[] });
    }, 300_000);

    // A level that a case leaves behind would break all following cases.
    afterEach(() => {
      expect(native.levelDepth()).toBe(0);
    });

    define({
      inputs(specs) {
        common = specs;
      },
      add(python, javascript, options = {}) {
        const inputs = { ...common, ...options.inputs };
        const position = requests.push({ python, inputs }) - 1;
        test(options.name ?? python, () => {
          check(answers[position], outcome(javascript, inputs), options);
        });
      },
      group(name, body) {
        const outer = common;
        describe(name, body);
        common = outer;
      },
    });
  });
}
