/** A program as a module. */

import { Device } from '../device';
import { NotImplementedError } from '../errors';
import { at } from '../files/failure';
import { Float } from '../float';
import { native } from '../native';
import { Module } from '../nn/module';
import type { Parameter } from '../nn/parameter';
import { keepPythonName } from '../nn/python-names';
import * as pytree from '../pytree';
import type { Tensor } from '../tensor';
import { type Devices, type Executable, compile } from './execute';
import type { OutputSpec } from './signature';
import type { LoadedProgram } from './exported-program';

/** A tensor of the module, which `functionalCall` may replace. */
interface Place {
  readonly owner: Record<string, unknown>;
  readonly name: string;
}

/** Where an input of the graph comes from: a tensor of the module, a leaf of the arguments, or a constant. */
type Source = Place | number | Tensor;

/**
 * The model that a program is, as a module: {@link ExportedProgram.module} returns it. Its parameters and buffers have
 * the names that they have in Python, those with dots in submodules. It is called with the arguments of the model's
 * `forward`, and with an object of its named arguments after them. It can be trained, converted with {@link Module.to},
 * and called under every transform.
 *
 * The sizes of arguments must be those that the program was exported for. As in Python, {@link train} and {@link eval}
 * are errors: an exported graph has the mode in which it was exported.
 */
export class ExportedModule<A extends unknown[] = Tensor[], R = Tensor> extends Module {
  readonly #program: LoadedProgram;
  readonly #run: Executable;
  readonly #sources: readonly Source[];
  readonly #checksGuards: boolean;

  /** @internal Programs make modules. */
  constructor(program: LoadedProgram, checksGuards: boolean) {
    super();
    this.#program = program;
    this.#checksGuards = checksGuards;
    this.#run = compile(program.graph);
    let leaf = 0;
    this.#sources = program.signature.inputSpecs.map((spec) => {
      if (spec.kind === 'userInput') return leaf++;
      const tensor = program.tensors.get(spec.target)!;
      if (spec.kind === 'tensorConstant') return tensor;
      return at(`the ${spec.kind} '${spec.target}'`, () => {
        return this.#register(spec.target, tensor, spec.kind === 'buffer' ? spec.isPersistent : null);
      });
    });
  }

  /**
   * Computes the model.
   *
   * @throws TypeError or RuntimeError for arguments that do not have the structure, the sizes or the constants that the
   * program was exported with; AssertionError for a guard that fails.
   */
  override forward(...args: A): R {
    const { call, inputs, signature } = this.#program;
    const leaves = call.flatten(args);
    if (this.#checksGuards) inputs.check(leaves);
    const devices = this.#devices();
    const values = this.#sources.map((source) => {
      if (typeof source === 'number') return leaves[source];
      return native.isTensor(source) ? moved(source, devices) : source.owner[source.name];
    });
    const results = this.#run(values, devices);
    const outputs = this.#mutate(signature.outputSpecs, results, values);
    return pytree.unflatten(outputs.map(plain), call.output) as R;
  }

  /** @throws NotImplementedError, as in Python. */
  override train(_mode?: boolean): never {
    throw new NotImplementedError('Calling train() is not supported yet.');
  }

  /** @throws NotImplementedError, as in Python. */
  override eval(): never {
    throw new NotImplementedError('Calling eval() is not supported yet.');
  }

  /** Registers a tensor under a dotted name: a buffer, persistent or not, or null for a parameter. */
  #register(path: string, tensor: Tensor, isPersistent: boolean | null): Place {
    const names = path.split('.');
    const name = names.pop()!;
    const owner = names.reduce<Module>((parent, part) => {
      const known = parent.namedChildren().find(([child]) => child === part)?.[1];
      return known ?? keepPythonName(parent, part, () => parent.registerModule(part, new Module()));
    }, this);
    keepPythonName(owner, name, () => {
      if (isPersistent === null) owner.registerParameter(name, tensor as Parameter);
      else owner.registerBuffer(name, tensor, { persistent: isPersistent });
    });
    return { owner: owner as unknown as Record<string, unknown>, name };
  }

  /** Where the graph makes tensors: on the module's device, for those of the device that the program was exported for. */
  #devices(): Devices {
    const { home } = this.#program;
    const place = this.#sources.find((source): source is Place => typeof source !== 'number' && 'owner' in source);
    if (home === null || place === undefined) return (device) => device;
    const current = new Device((place.owner[place.name] as Tensor).device);
    return (device) => (device.toString() === home ? current : device);
  }

  /** Writes what the model wrote to its buffers and arguments, and returns the other results. */
  #mutate(specs: readonly OutputSpec[], results: readonly unknown[], inputs: readonly unknown[]): unknown[] {
    const { inputSpecs } = this.#program.signature;
    const written = new Map<unknown, unknown>();
    specs.forEach((spec, i) => {
      if (spec.kind === 'userOutput') return;
      const position = inputSpecs.findIndex((input) => {
        return 'target' in input ? input.target === spec.target : input.name === spec.target;
      });
      written.set(results[i], (inputs[position] as Tensor).copy_(results[i] as Tensor));
    });
    return results.flatMap((result, i) => (specs[i].kind === 'userOutput' ? [written.get(result) ?? result] : []));
  }
}

/** A constant, which does not move with the module, on the device of the module. */
function moved(tensor: Tensor, devices: Devices): Tensor {
  const own = new Device(tensor.device);
  const wanted = devices(own);
  return wanted.toString() === own.toString() ? tensor : tensor.to(wanted);
}

/** Python's value as JavaScript's. */
function plain(value: unknown): unknown {
  return value instanceof Float ? Number(value) : value;
}
