import fs from 'node:fs';
import path from 'node:path';

import * as torch from '../../lib';
import { makeFolder } from '../support/files';
import { type Program, fixture, rewrite, withProgram } from '../support/pt2';

const folder = makeFolder();
const file = path.join(folder, 'x.pt2');

/** What loading says, after the name of the file. */
function refusal(): string {
  try {
    torch.export.load(file).module();
  } catch (error) {
    expect(error).toBeInstanceOf(torch.ValueError);
    const { message } = error as Error;
    expect(message.startsWith(`cannot read ${file}: `)).toBe(true);
    return message.slice(`cannot read ${file}: `.length);
  }
  return 'it was read';
}

const nodeOf = (program: Program, target: string): Program =>
  (program.graph_module.graph.nodes as Program[]).find((node: Program) => (node.target as string).includes(target));

test.each<[string, (program: Program) => void, RegExp]>([
  [
    'another schema',
    (p) => (p.schema_version.major = 9),
    /schema_version is 9\.\d+, but this package reads version 8: the file is of another version of PyTorch \(2\.13/,
  ],
  [
    'an unknown operator',
    (p) => (nodeOf(p, 'topk').target = 'torch.ops.aten.topk.wrong'),
    /nodes\[\d+\] \(torch\.ops\.aten\.topk\.wrong\): .*is the operator aten\.topk\.wrong, which does not exist here/,
  ],
  [
    'an operator of another library',
    (p) => (nodeOf(p, 'topk').target = 'torch.ops.torchvision.nms.default'),
    /torchvision\.nms\.default\): .*is not an operator that exists here/,
  ],
  [
    'an operator that opens files',
    (p) => (nodeOf(p, 'topk').target = 'torch.ops.aten.from_file.default'),
    /is the operator aten\.from_file\.default, which a program may not call/,
  ],
  [
    'a function of Python',
    (p) => (nodeOf(p, '_operator.add').target = 'builtins.eval'),
    /builtins\.eval\): .*is not an operator that exists here/,
  ],
  [
    'a higher-order operator',
    (p) => (nodeOf(p, 'cond').target = 'torch.ops.higher_order.flex_attention'),
    /is the higher-order operator flex_attention, which is not supported/,
  ],
  [
    'a missing argument',
    (p) => void nodeOf(p, 'topk').inputs.splice(1, 1),
    /nodes\[\d+\] lacks the argument 'k' \(int\)/,
  ],
  [
    'one argument too many',
    (p) => nodeOf(p, 'topk').inputs.push({ name: 'seed', arg: { as_int: 1 } }),
    /gives an argument 'seed', which there is not/,
  ],
  [
    'an argument twice',
    (p) => nodeOf(p, 'topk').inputs.push({ name: 'k', arg: { as_int: 1 } }),
    /gives the argument 'k' a second time/,
  ],
  [
    'an argument of another type',
    (p) => (nodeOf(p, 'topk').inputs[1].arg = { as_string: '2' }),
    /must be int, not string \(the argument 'k'\)/,
  ],
  [
    'a number for a tensor',
    (p) => (nodeOf(p, 'topk').inputs[0].arg = { as_int: 2 }),
    /must be Tensor, not int \(the argument 'self'\)/,
  ],
  [
    'an unknown kind of argument',
    (p) => (nodeOf(p, 'topk').inputs[1].arg = { as_secret: 2 }),
    /is an argument of the kind as_secret/,
  ],
  [
    'an object of a class',
    (p) => (nodeOf(p, 'topk').inputs[1].arg = { as_custom_obj: { name: 'x', class_fqn: 'a.B' } }),
    /is an object of the class a\.B/,
  ],
  [
    'an argument that is computed later',
    (p) => (p.graph_module.graph.nodes[0].inputs[0].arg = { as_tensor: { name: 'masked_fill' } }),
    /is 'masked_fill', which no node before it computes/,
  ],
  [
    'a node that uses itself',
    (p) => (nodeOf(p, 'topk').inputs[0].arg.as_tensor.name = 'getitem_7'),
    /is 'getitem_\d+', which no node before it computes|must/,
  ],
  [
    'an unknown name',
    (p) => (nodeOf(p, 'topk').inputs[0].arg.as_tensor.name = 'nothing'),
    /inputs\[0\]\.arg\.as_tensor\.name is 'nothing', which no node before it computes/,
  ],
  [
    'a name twice',
    (p) => (nodeOf(p, 'topk').outputs[1].as_tensor.name = nodeOf(p, 'topk').outputs[0].as_tensor.name),
    /a name that another node has/,
  ],
  [
    'a name of another type',
    (p) => (nodeOf(p, 'topk').inputs[1].arg = { as_sym_int: { as_name: 'add' } }),
    /is 'add' of type Tensor; expected int/,
  ],
  [
    'too many results',
    (p) => nodeOf(p, 'aten.linear').outputs.push({ as_tensor: { name: 'other' } }),
    /has 2 results; expected 1/,
  ],
  [
    'a result of another kind',
    (p) => (nodeOf(p, 'aten.linear').outputs[0] = { as_sym_int: { as_name: 'linear' } }),
    /is of the kind as_sym_int; expected Tensor/,
  ],
  [
    'a branch with other inputs',
    (p) => void nodeOf(p, 'cond').inputs[1].arg.as_graph.graph.inputs.pop(),
    /'\w+', which no node before it computes|the graph for true takes 0 values, but gets 1/,
  ],
  [
    'branches with other outputs',
    (p) => void nodeOf(p, 'cond').inputs[2].arg.as_graph.graph.outputs.pop(),
    /the graph for false returns 0 values; expected 1/,
  ],
  [
    'cond without a graph',
    (p) => (nodeOf(p, 'cond').inputs[1].arg = { as_int: 1 }),
    /has an argument of type int at position 1; expected graph/,
  ],
  ['too few arguments of cond', (p) => void nodeOf(p, 'cond').inputs.pop(), /has 3 arguments; expected 4/],
  [
    'a signature that is too short',
    (p) => void p.graph_module.signature.input_specs.pop(),
    /signature has \d+ inputs; the graph has \d+/,
  ],
  [
    'a write to nothing',
    (p) => (p.graph_module.signature.output_specs[0] = { buffer_mutation: { arg: { name: 'y' }, buffer_name: 'z' } }),
    /writes to 'z', which is not an input/,
  ],
  [
    'a parameter without values',
    (p) => (p.graph_module.signature.input_specs[0].parameter.parameter_name = 'lost'),
    /the parameter 'lost' has no entry among the tensors/,
  ],
  [
    'an input structure of a foreign class',
    (p) => (signatureOf(p).in_spec = '[1, {"type": "os.system", "context": "[]", "children_spec": []}]'),
    /is the class "os\.system", which is not a type of pytrees here/,
  ],
  ['an input structure that is not JSON', (p) => (signatureOf(p).in_spec = '[1, {'), /in_spec: expected/],
  [
    'an input structure with other leaves',
    (p) =>
      (signatureOf(p).in_spec =
        '[1, {"type": "builtins.tuple", "context": "null", "children_spec": [{"type": "builtins.tuple", "context": "null", "children_spec": []}, {"type": "builtins.dict", "context": "[]", "children_spec": []}]}]'),
    /has 3 arguments in its signature, and 0 in its input structure/,
  ],
  [
    'a size with code',
    (p) => (p.graph_module.graph.tensor_values.batch_x.sizes[0].as_expr.expr_str = "__import__('os')"),
    /unknown function __import__/,
  ],
  ['a guard with code', (p) => (p.guards_code = ["open('x')"]), /guards_code\[0\]: unknown function open/],
  [
    'an unknown dtype',
    (p) => (p.graph_module.graph.tensor_values.batch_x.dtype = 99),
    /dtype must be the number of a dtype, not 99/,
  ],
  ['no graph', (p) => delete p.graph_module.graph, /graph_module has no 'graph'/],
  ['graphs in graphs without end', nestGraphs, /nested too deeply/],
])('%s is refused with its place', (_, change, expected) => {
  withProgram('sample', file, change);
  expect(refusal()).toMatch(expected);
});

const signatureOf = (program: Program): Program => program.graph_module.module_call_graph[0].signature;

function nestGraphs(program: Program): void {
  let graph: Program = { inputs: [], outputs: [], nodes: [], tensor_values: {} };
  for (let i = 0; i < 60; i++) {
    const target = 'torch.ops.higher_order.wrap_with_set_grad_enabled';
    const args = [{ as_bool: true }, { as_graph: { name: 'g', graph } }];
    const inputs = args.map((arg) => ({ name: '', arg }));
    graph = { inputs: [], outputs: [], nodes: [{ target, inputs, outputs: [], metadata: {} }], tensor_values: {} };
  }
  program.graph_module.graph.nodes = graph.nodes;
}

test.each<[string, string, ((bytes: Buffer) => Buffer) | null, RegExp]>([
  ['no program', 'models/model.json', null, /there is no program 'model' in the directory; it has none/],
  [
    'a program that is not JSON',
    'models/model.json',
    () => Buffer.from('{"graph_module": '),
    /entry 'sample\/models\/model\.json': expected a value at character 17/,
  ],
  [
    'a key twice',
    'models/model.json',
    () => Buffer.from('{"a": 1, "a": 2}'),
    /the key "a" occurs twice, at character 8/,
  ],
  ['deep nesting', 'models/model.json', () => Buffer.from('['.repeat(100_000)), /nested too deeply at character/],
  ['a huge number', 'models/model.json', () => Buffer.from(`[${'9'.repeat(1000)}]`), /is too large/],
  [
    'no weights',
    'data/weights/model_weights_config.json',
    null,
    /there is no entry 'sample\/data\/weights\/model_weights_config\.json'/,
  ],
  ['missing values', 'data/weights/weight_0', null, /there is no entry 'sample\/data\/weights\/weight_0'/],
  [
    'too few values',
    'data/weights/weight_0',
    (bytes) => bytes.subarray(0, 5),
    /entry 'sample\/data\/weights\/model_weights_config\.json': config\..*: /,
  ],
  ['another byte order', 'byteorder', () => Buffer.from('middle'), /the byte order is "middle"/],
  ['another format', 'archive_format', () => Buffer.from('pt9'), /the format is "pt9"; expected "pt2"/],
])('an archive with %s', (_, entry, change, expected) => {
  rewrite(fixture('sample'), file, { [entry]: change });
  expect(refusal()).toMatch(expected);
});

test.each<[string, (meta: Program) => void, RegExp]>([
  ['a pickled object', (meta) => (meta.use_pickle = true), /is not a plain tensor, but a pickled object \(weight_0\)/],
  ['sizes beyond its values', (meta) => (meta.tensor_meta.sizes[0].as_int = 1000), /weight/],
  [
    'a negative size',
    (meta) => (meta.tensor_meta.sizes[0].as_int = -1),
    /has sizes, strides or an offset that no tensor has/,
  ],
  ['a huge offset', (meta) => (meta.tensor_meta.storage_offset.as_int = 2 ** 52), /weight/],
  ['a path out of its folder', (meta) => (meta.path_name = '../../models/model.json'), /there is no entry/],
  ['a symbolic size', (meta) => (meta.tensor_meta.sizes[0] = { as_expr: { expr_str: 's0' } }), /must be a number/],
])('a weight with %s', (_, change, expected) => {
  rewrite(fixture('sample'), file, {
    'model_weights_config.json': (bytes) => {
      const config = JSON.parse(bytes.toString()) as Program;
      const name = Object.keys(config.config as object).find((key) => config.config[key].path_name === 'weight_0')!;
      change(config.config[name]);
      return Buffer.from(JSON.stringify(config));
    },
  });
  expect(refusal()).toMatch(expected);
});

test.each(['parameters', 'layers.__proto__', 'constructor', 'layers..weight', ''])(
  'a parameter cannot have the name %p, which modules have or cannot have',
  (name) => {
    const rename = (bytes: Buffer): Buffer =>
      Buffer.from(bytes.toString().replaceAll('"layers.0.weight"', JSON.stringify(name)));
    rewrite(fixture('sample'), file, { 'model.json': rename, 'model_weights_config.json': rename });
    expect(refusal()).toMatch(/the parameter '.*': /);
  },
);

test('files of other kinds are named', () => {
  torch.save({ x: torch.ones(2) }, file);
  expect(refusal()).toMatch(/it is a file of torch\.save; expected one of torch\.export\.save/);
  fs.writeFileSync(file, 'text');
  expect(refusal()).toMatch(/it is not a ZIP file/);
  const whole = fs.readFileSync(fixture('sample'));
  fs.writeFileSync(file, whole.subarray(0, whole.length / 2));
  expect(refusal()).toMatch(/truncated/);
});
