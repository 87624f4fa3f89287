/** A graph as a function in TypeScript, which can be run. */

import { Float } from '../float';
import { Node, targetText } from './graph';
import type { Argument, Graph } from './graph';

function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function literal(argument: Argument): string {
  if (argument instanceof Node) return argument.name;
  if (Array.isArray(argument)) return `[${(argument as readonly Argument[]).map(literal).join(', ')}]`;
  switch (typeof argument) {
    case 'number':
      return numberText(argument);
    case 'bigint':
      return `${argument}n`;
    case 'object':
      if (argument instanceof Float) return numberText(argument.float);
      if (argument !== null && 're' in argument)
        return `{ re: ${numberText(argument.re)}, im: ${numberText(argument.im)} }`;
      return 'null';
    case 'undefined':
      return 'undefined';
    default:
      return JSON.stringify(argument);
  }
}

function callText(node: Node): string {
  const args = node.args.map(literal);
  if (node.target === 'getitem') return `${args[0]}[${args[1]}]`;
  const kwargs = Object.entries(node.kwargs).map(([key, value]) => `${key}: ${literal(value)}`);
  if (kwargs.length > 0) args.push(`{ ${kwargs.join(', ')} }`);
  const target = targetText(node.target);
  const [namespace, name, overload] = target.split('.');
  const callee = namespace === 'aten' ? `aten.${name}${overload === undefined ? '' : `.${overload}`}` : target;
  return `${callee}(${args.join(', ')})`;
}

function typeComment(node: Node): string {
  const { shape, dtype } = node.meta;
  return shape === undefined ? '' : ` // ${dtype}[${shape.join(', ')}]`;
}

/** The code: a function of the tensors, and of the tensors from outside in `tensors` if there are any. */
export function codeOf(graph: Graph): string {
  const parameters = graph.nodes.filter((node) => node.op === 'placeholder');
  const attributes = graph.nodes.filter((node) => node.op === 'getAttr');
  const list = parameters.map((node) => `${node.name}: torch.Tensor`);
  if (attributes.length > 0) list.unshift('tensors: Record<string, torch.Tensor>');
  const lines = graph.nodes.flatMap((node) => {
    switch (node.op) {
      case 'getAttr':
        return [`  const ${node.name} = tensors.${targetText(node.target)};${typeComment(node)}`];
      case 'callFunction':
        return [`  const ${node.name} = ${callText(node)};${typeComment(node)}`];
      case 'output':
        return [`  return ${literal(node.args[0])};`];
      default:
        return [];
    }
  });
  return [
    "import * as torch from 'torch-func';",
    '',
    'const { aten } = torch.ops;',
    '',
    `export function graph(${list.join(', ')}) {`,
    ...lines,
    '}',
    '',
  ].join('\n');
}
