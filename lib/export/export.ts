/** `torch.export.export`. */

import { noGrad } from '../autograd/modes';
import { checkFunction, checkOptions, copyDense, isPlainObject } from '../arguments';
import { captureCall } from '../compile/capture';
import { moduleOf } from '../compile/members';
import { describeType } from '../describe';
import { RuntimeError } from '../errors';
import { native } from '../native';
import { Module } from '../nn/module';
import { callSync } from '../synchronous';
import type { Tensor } from '../tensor';
import type { AnyFunction } from '../types';
import { type SizeSource, generalized } from './dynamic-program';
import { type DynamicShapes, type DynamicSize, enlargedArguments, readDynamicShapes } from './dynamic-shapes';
import { ExportedProgram, type LoadedProgram } from './exported-program';
import { type Assigned, type Member, Snapshot, membersOf, takeAssigned } from './module-state';
import { ProgramArguments } from './program-arguments';
import { recordedProgram } from './recorded-program';

const API = 'export.export';

/** Options of {@link exportProgram}. */
export interface ExportOptions {
  /** An object that the function takes after its other arguments: the named arguments of the program in Python. */
  kwargs?: Readonly<Record<string, unknown>>;
  /**
   * The dimensions of each argument that may have other sizes than in the recorded call: `[{ 0: 'batch' }]`. They have one
   * name and one size, of at least 2. The function then runs twice, the second time with the next size, and is refused if
   * its graphs differ in more than numbers that are multiples of the size.
   */
  dynamicShapes?: DynamicShapes | null;
}

/**
 * Records a function or a module as a program; `torch.export.export`. The function runs once, and the program is the graph
 * of the ATen operators that ran below all transforms: a Jacobian of a batch, say, becomes the operators that compute it.
 * {@link save} writes it to a file that Python's `torch.export.load` reads.
 *
 * - The parameters and buffers of a module are those of the program, with Python's names. Tensors that a function uses
 *   from outside are constants of the program.
 * - Arguments are tensors, numbers, strings, booleans, null, and arrays and plain objects of them. The program takes
 *   tensors of the recorded shapes; all other values belong to it. In Python, a plain object is a dict, an array a list,
 *   and a frozen array a tuple. The arrays of the result are tuples.
 * - What the function writes to buffers, arguments and other tensors, the program does in each call. The recorded call
 *   leaves buffers and arguments as they were.
 *
 * @param func - The function, or a module.
 * @param args - The arguments of the call that is recorded. Only their shapes, dtypes and strides matter.
 * @returns The program. Its module is called as the function, and gives the same results.
 * @throws RuntimeError if the function reads values of tensors, with `item()` for example, the shape of a result depends
 *   on values, or a transform is active; TypeError for arguments and results that a program cannot have.
 * @example
 * ```ts
 * const net = new torch.nn.Sequential(new torch.nn.Linear(2, 8), new torch.nn.Tanh(), new torch.nn.Linear(8, 1));
 * class Jacobians extends torch.nn.Module {
 *   net = net;
 *   override forward(x: torch.Tensor) {
 *     return torch.vmap(torch.func.jacrev((row: torch.Tensor) => this.net(row)))(x);
 *   }
 * }
 * const program = torch.export.export(new Jacobians(), [torch.rand(5, 2)]);
 * Object.keys(program.stateDict); // ['net.0.weight', 'net.0.bias', 'net.2.weight', 'net.2.bias']
 * program.module()(torch.rand(5, 2)).shape; // [5, 1, 2]
 * torch.export.save(program, 'jacobians.pt2');
 * ```
 */
export function exportProgram<A extends unknown[], R>(
  func: (...args: A) => R,
  args: readonly [...A],
  options: ExportOptions = {},
): ExportedProgram<A, R> {
  checkFunction(API, func);
  const { kwargs = {}, dynamicShapes = null } = checkOptions(API, options, ['kwargs', 'dynamicShapes']);
  if (!Array.isArray(args)) {
    throw new TypeError(`${API}(): argument 'args' must be an array of arguments, not ${describeType(args)}`);
  }
  if (!isPlainObject(kwargs)) {
    throw new TypeError(`${API}(): option 'kwargs' must be a plain object, not ${describeType(kwargs)}`);
  }
  if (native.levelDepth() > 0 || native.isRecording()) {
    throw new RuntimeError(
      `${API}: cannot record inside a transform or a compiled function; export the whole function`,
    );
  }
  const module = moduleOf(func) ?? func;
  const members = module instanceof Module ? membersOf(module) : [];
  const given = copyDense(args as readonly unknown[]);
  const varying = readDynamicShapes(dynamicShapes, given);
  const call = new ProgramArguments(API, given, kwargs);
  const program = noGrad(() => {
    const { program, sizesRead } = record(func as AnyFunction, call, members);
    if (varying === null) return program;
    const larger = new ProgramArguments(API, enlargedArguments(given, varying) as unknown[], kwargs);
    const other = record(func as AnyFunction, larger, members);
    if (sizesRead.join() !== other.sizesRead.join()) {
      throw new RuntimeError(
        `${API}(): the function reads the size '${varying.name}' in JavaScript, which may then not vary`,
      );
    }
    return generalized(program, other.program, sourceOf(varying, call, program));
  });
  return new ExportedProgram<A, R>(program);
}

/** An input with the size that varies. */
function sourceOf({ dims, size }: DynamicSize, { leaves }: ProgramArguments, { signature }: LoadedProgram): SizeSource {
  const leaf = leaves.findIndex((value) => native.isTensor(value) && dims.has(value));
  const input = signature.inputSpecs.length - leaves.length + leaf;
  return { input, dim: dims.get(leaves[leaf] as Tensor)![0], sizes: [size, size + 1] };
}

interface Recording {
  readonly program: LoadedProgram;
  readonly sizesRead: readonly number[];
}

/** Calls the function. The tensors that it may write to are then as they were. */
function record(func: AnyFunction, args: ProgramArguments, members: readonly Member[]): Recording {
  const buffers = members.filter(({ kind }) => kind === 'buffer').map(({ tensor }) => tensor);
  using _ = new Snapshot([...buffers, ...args.tensors]);
  let assigned: Assigned[] = [];
  const body = (...own: unknown[]): unknown => {
    try {
      const result = callSync(API, func, own);
      assigned = takeAssigned(members);
      return [result, assigned.map(({ value }) => value)];
    } finally {
      takeAssigned(members);
    }
  };
  const captured = captureCall(API, body, args.values, true);
  if (captured.incomplete !== '') {
    throw new RuntimeError(`torch.${API}: ${captured.incomplete}, so a graph could not repeat it`);
  }
  const { spec } = captured.outputs;
  const resultSpec = spec.kind === 'array' ? spec.children[0] : spec;
  const program = recordedProgram({ captured, args, members, assigned, resultSpec });
  return { program, sizesRead: native.sizesRead(captured.capture) };
}
