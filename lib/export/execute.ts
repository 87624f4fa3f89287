/** Runs the graph of a program. */

import { Device } from '../device';
import { type Argument, Node, targetText } from '../fx/graph';
import { functionOf as operatorOf } from '../fx/interpreter';
import { native } from '../native';
import { aten } from '../ops';
import type { AnyFunction } from '../types';
import { higherOrderOperator } from './control-flow';
import { withDecomposition } from './decompositions';
import type { ProgramGraph } from './graph-reader';
import { Levels, levelFunction } from './levels';
import { NUMBER_OPERATORS, symbolicFunction } from './symbolic';

/** What a run of a program needs besides its inputs. */
interface Context {
  /** Where tensors of a device of the program go. */
  readonly devices: Devices;
  readonly levels: Levels;
}

export type Devices = (device: Device) => Device;

/** A graph that can be called. */
export type Executable = (inputs: readonly unknown[], devices: Devices) => unknown[];

type Run = (inputs: readonly unknown[], context: Context) => unknown[];
type Slots = unknown[];
type Read = (slots: Slots, context: Context) => unknown;
type Step = (slots: Slots, context: Context) => void;
type Call = (values: unknown[], context: Context) => unknown;

/** Operators that return an argument that they write to, and higher-order operators, whose bodies may return theirs. */
const SHARES_HANDLES = /^aten\.\w*[^_]_\.|^aten\..*out\w*$|^higher_order\./;

/** Views of a shape, which a mapped tensor may not have the strides for. */
const VIEWS = ['aten.view.default', 'aten._unsafe_view.default'];

class Compiler {
  private readonly slots = new Map<Node, number>();
  private readonly bodies = new Map<string, Run>();
  /** Whether an operator writes to a tensor; then views must be views. */
  private readonly writes: boolean;

  constructor(private readonly program: ProgramGraph) {
    for (const [name, body] of program.subgraphs) this.bodies.set(name, new Compiler(body).compile());
    program.graph.nodes.forEach((node, i) => this.slots.set(node, i));
    this.writes = program.graph.nodes.some((node) => SHARES_HANDLES.test(targetText(node.target)));
  }

  compile(): Run {
    const { graph, inputs } = this.program;
    const inputSlots = inputs.map((node) => (node === null ? -1 : this.slots.get(node)!));
    const free = this.lastUses();
    const calls = graph.nodes.filter((node) => node.op === 'callFunction');
    const steps = calls.map((node) => this.step(node, free.get(node) ?? []));
    const [result] = graph.nodes.at(-1)!.args;
    const output = this.reader(result);
    const count = graph.nodes.length;
    return (values, context) => {
      const slots: Slots = new Array<unknown>(count);
      inputSlots.forEach((slot, i) => {
        if (slot >= 0) slots[slot] = values[i];
      });
      for (const step of steps) step(slots, context);
      return output(slots, context) as unknown[];
    };
  }

  private functionOf(target: string): Call {
    if (Object.hasOwn(NUMBER_OPERATORS, target)) return spread(NUMBER_OPERATORS[target]);
    const higherOrder = higherOrderOperator(target);
    if (higherOrder !== undefined) return (values) => higherOrder.run(values);
    const level = levelFunction(target);
    if (level !== undefined) return (values, { levels }) => level.call(levels, values);
    if (VIEWS.includes(target) && !this.writes) return spread(aten.reshape.default);
    return spread(symbolicFunction(target) ?? withDecomposition(target, operatorOf(target)));
  }

  private reader(argument: Argument): Read {
    if (argument instanceof Node) {
      if (argument.op === 'getAttr') {
        const body = this.bodies.get(argument.name)!;
        return (_, context) =>
          (...inputs: unknown[]) =>
            body(inputs, context);
      }
      const slot = this.slots.get(argument)!;
      return (slots) => slots[slot];
    }
    if (argument instanceof Device) return (_, { devices }) => devices(argument);
    if (!Array.isArray(argument)) return () => argument;
    const items = (argument as readonly Argument[]).map((item) => this.reader(item));
    return (slots, context) => items.map((item) => item(slots, context));
  }

  private step(node: Node, free: readonly number[]): Step {
    const slot = this.slots.get(node)!;
    const call = this.functionOf(targetText(node.target));
    const args = node.args.map((argument) => this.reader(argument));
    const kwargs = Object.entries(node.kwargs).map(([name, argument]) => [name, this.reader(argument)] as const);
    return (slots, context) => {
      const values = args.map((read) => read(slots, context));
      if (kwargs.length > 0)
        values.push(Object.fromEntries(kwargs.map(([name, read]) => [name, read(slots, context)])));
      slots[slot] = call(values, context);
      for (const dead of free) dispose(slots, dead);
    };
  }

  /**
   * For each node, the slots of tensors that nothing after it uses. Only of those that an operator made and nobody else
   * can hold: see Note [Who disposes of what]. What an operator writes to, and what bodies get and return, are handles
   * that may occur twice.
   */
  private lastUses(): Map<Node, number[]> {
    const kept = new Set<Node>();
    const keep = (node: Node): void => {
      kept.add(node);
      if (node.target === 'getitem') keep(node.args[0] as Node);
    };
    const last = new Map<Node, Node>();
    for (const node of this.program.graph.nodes) {
      const target = targetText(node.target);
      const sharesHandles = node.op !== 'callFunction' || SHARES_HANDLES.test(target);
      if (sharesHandles) keep(node);
      last.set(node, node);
      for (const input of node.inputs()) {
        if (sharesHandles) keep(input);
        if (kept.has(input) && target === 'getitem') keep(node);
        last.set(input, node);
      }
    }
    const free = new Map<Node, number[]>();
    for (const [node, user] of last) {
      if (kept.has(node) || node.op !== 'callFunction') continue;
      const slots = free.get(user);
      if (slots === undefined) free.set(user, [this.slots.get(node)!]);
      else slots.push(this.slots.get(node)!);
    }
    return free;
  }
}

const spread =
  (f: AnyFunction): Call =>
  (values) =>
    f(...values) as unknown;

function dispose(slots: Slots, slot: number): void {
  const value = slots[slot];
  slots[slot] = undefined;
  if (native.isTensor(value)) value.dispose();
}

/** Prepares a graph. */
export function compile(program: ProgramGraph): Executable {
  const run = new Compiler(program).compile();
  return (inputs, devices) => {
    const levels = new Levels();
    try {
      return run(inputs, { devices, levels });
    } finally {
      levels.unwind();
    }
  };
}
