/** One case: the function of a mode on the CPU and on a device. */

import * as torch from 'torch-func';
import type { Dtype, Tensor } from 'torch-func';
import type { Call, Case, Program, Sample } from '../../opdb/corpus';
import { leftBehind } from '../../opdb/left-behind';
import { tensorsOf } from '../../opdb/subject';
import { leafTensor } from '../../opdb/tensors';
import { perturb } from '../compiled/calls';
import { differences, type Exactness } from '../compiled/compare';
import { hasElements, withoutSeeds } from '../compiled/run-case';
import { ParitySubject, runMode } from '../modes';

/** What a call gave, or its error. */
interface Done {
  value?: unknown;
  error?: Error;
}

interface Run {
  device: string;
  seed?: number;
  /** Whether the arguments are changed in the last bit. */
  perturbed?: boolean;
}

function evaluate(sample: Sample, description: Case, leaves: Tensor[], values: Uint8Array): unknown {
  const subject = new ParitySubject(sample, values, leaves);
  if (description.mode === 'inplace') return [subject.call(leaves, 'inplace'), leaves[0]];
  if (description.mode !== 'out') return runMode(subject, description);
  const out = description.out!.map(([dtype, shape]) => torch.zeros(shape, { dtype: dtype as Dtype }));
  return [subject.call(leaves, undefined, { out: out.length === 1 ? out[0] : out }), out];
}

/** The program with another device where it names the CPU. */
function moved(program: Program, device: string): Program {
  const onDevice = (call: Call): Call =>
    call.kwargs.device === 'cpu' ? { ...call, kwargs: { ...call.kwargs, device } } : call;
  if ('fn' in program) return onDevice(program);
  return { ...program, steps: program.steps.map((step) => ('fn' in step ? onDevice(step) : step)) };
}

function movedSample(sample: Sample, device: string): Sample {
  const variants = Object.entries(sample.variants).map(([name, program]) => [name, moved(program, device)] as const);
  return { ...sample, program: moved(sample.program, device), variants: Object.fromEntries(variants) };
}

/** Runs the case. Tensors that it creates, such as tangents, lie on the device too. */
function run(sample: Sample, description: Case, values: Uint8Array, { device, seed = 0, perturbed }: Run): Done {
  const given = sample.leaves.map((spec) => leafTensor(values, spec));
  const leaves = (perturbed ? (perturb(given) as Tensor[]) : given).map((x) => x.to(device));
  torch.manualSeed(seed);
  torch.setDefaultDevice(device);
  try {
    const value = evaluate(movedSample(sample, device), description, leaves, values);
    // Errors of kernels come later than the call.
    if (device === 'cuda') torch.cuda.synchronize();
    return { value };
  } catch (error) {
    return { error: error as Error };
  } finally {
    torch.setDefaultDevice(null);
  }
}

/** The same value with detached tensors on the CPU. */
function onCpu(value: unknown): unknown {
  if (torch.isTensor(value)) return value.detach().cpu();
  if (Array.isArray(value)) return value.map(onCpu);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, onCpu(item)]));
}

const EXACTNESS: Exactness = { exact: false, elements: true, strides: false };

/** What differs between two results. */
const compare = (actual: Done, expected: Done, exactness: Partial<Exactness>): string[] =>
  differences(onCpu(actual.value), onCpu(expected.value), { ...EXACTNESS, ...exactness }, 'result');

const errorName = ({ error }: Done): string => (error === undefined ? 'no error' : error.name);

/** Null if the device gives what the CPU gives; else all in which it does not, line by line. */
function deviceDifferences(sample: Sample, description: Case, values: Uint8Array, device: string): string[] {
  const onCpuOnly = (call: Omit<Run, 'device'> = {}): Done =>
    run(sample, description, values, { device: 'cpu', ...call });
  const expected = onCpuOnly();
  const actual = run(sample, description, values, { device });
  if (errorName(actual) !== errorName(expected)) {
    const { message } = (actual.error ?? expected.error)!;
    return [`${errorName(actual)}, on the CPU ${errorName(expected)}: ${message.split('\n')[0]}`];
  }
  if (expected.error !== undefined) return [];
  const elsewhere = tensorsOf(actual.value).filter((x) => x.device.type !== device);
  const found = elsewhere.length > 0 ? [`a tensor of the result is on ${elsewhere[0].device.type}`] : [];
  const { tolerance } = sample;
  if (!hasElements(description.ok)) return [...found, ...compare(actual, expected, { elements: false })];
  if (compare(actual, expected, { tolerance }).length === 0) return found;
  // Each device has random numbers of its own.
  const isRandom = compare(onCpuOnly({ seed: 1 }), expected, {}).length > 0;
  const perturbed = isRandom ? [] : [1, 2, 3].map((seed) => onCpuOnly({ seed, perturbed: true }).value);
  return [...found, ...compare(actual, expected, { tolerance, elements: !isRandom, perturbed })];
}

/** Runs a case; gives what differs, or null. */
export function runCase(sample: Sample, description: Case, values: Uint8Array, device: string): string | null {
  let found: string[];
  try {
    found = deviceDifferences(withoutSeeds(sample).sample, description, values, device);
  } catch (thrown) {
    found = [`${(thrown as Error).stack}`];
  }
  const left = leftBehind();
  if (left !== null) found.unshift(left);
  return found.length > 0 ? found.join('\n') : null;
}
