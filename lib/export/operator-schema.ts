/** Whether calls of operators in a program match their schemas. */

import type { Argument } from '../fx/graph';
import { native } from '../native';
import type { OperatorSchema, SchemaParameter } from '../native';
import type { ArgumentType, TypedArgument } from './arguments';
import type { JsonReader } from './json-reader';

const NUMBERS: readonly ArgumentType[] = ['int', 'float', 'bool', 'complex'];

/** The types of arguments that a parameter takes besides its own. */
const ALSO: Readonly<Record<string, readonly ArgumentType[]>> = {
  'Tensor?[]': ['Tensor[]'],
  Scalar: NUMBERS,
  'Scalar[]': ['int[]', 'float[]', 'bool[]'],
  float: ['int'],
  'float[]': ['int[]'],
};

/** Operators that reach beyond tensors, or trust their arguments: a program from a stranger must not call them. */
const FORBIDDEN = /^(?:from_file|set_data|save|_?sparse_\w+_unsafe|_nested_view_from_\w+|set_|resize_storage\w*)$/;

function takes(parameter: SchemaParameter, type: ArgumentType): boolean {
  if (type === 'null') return parameter.allowNull;
  if (parameter.type === type || ALSO[parameter.type]?.includes(type) === true) return true;
  if (parameter.numberAsTensor && NUMBERS.includes(type)) return true;
  // int[2]: one number stands for all items.
  return parameter.listSize > 0 && parameter.type === `${type}[]`;
}

/**
 * The schema of `aten.<name>.<overload>`. Refuses what libtorch does not have, and what takes or returns anything that
 * does not exist here.
 */
export function findSchema(target: JsonReader, name: string, overload: string): OperatorSchema {
  if (FORBIDDEN.test(name)) target.refuse(`is the operator aten.${name}.${overload}, which a program may not call`);
  const schema = native.operatorSchema(overload === 'default' ? name : `${name}.${overload}`);
  if (schema === null) return target.refuse(`is the operator aten.${name}.${overload}, which does not exist here`);
  return schema;
}

/** An argument of a call, with its name in the schema. */
export interface NamedArgument extends TypedArgument {
  readonly name: string;
  readonly reader: JsonReader;
}

/** The arguments of a call in the order of the schema; those that are keyword-only by the names of options. */
export function bindArguments(
  schema: OperatorSchema,
  inputs: readonly NamedArgument[],
  node: JsonReader,
): { args: Argument[]; kwargs: Record<string, Argument> } {
  const given = new Map<string, NamedArgument>();
  for (const input of inputs) {
    if (given.has(input.name)) input.reader.refuse(`gives the argument '${input.name}' a second time`);
    given.set(input.name, input);
  }
  const args: Argument[] = [];
  const kwargs: Record<string, Argument> = {};
  schema.parameters.forEach((parameter, i) => {
    const input = given.get(parameter.name);
    given.delete(parameter.name);
    if (input === undefined) {
      if (parameter.isRequired) node.refuse(`lacks the argument '${parameter.name}' (${parameter.type})`);
      return;
    }
    if (!takes(parameter, input.type)) {
      const expected = `${parameter.type}${parameter.allowNull ? ' or null' : ''}`;
      input.reader.refuse(`must be ${expected}, not ${input.type} (the argument '${parameter.name}')`);
    }
    if (parameter.keywordOnly) {
      kwargs[parameter.option] = input.value;
    } else {
      while (args.length < i) args.push(undefined);
      args.push(input.value);
    }
  });
  for (const { name, reader } of given.values()) reader.refuse(`gives an argument '${name}', which there is not`);
  return { args, kwargs };
}
