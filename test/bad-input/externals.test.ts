/** The addon's Externals are untyped pointers: one of the wrong kind must be refused, not cast. */

import * as torch from '../../lib';
import { native } from '../../lib/native';
import type { WrapRequest } from '../../lib/native';

const callback = (): undefined => undefined;
const x = torch.ones([2], { requiresGrad: true });
const graphNode = native.nodeOf(x.mul(2));

// An External does not keep its node: the outputs do.
const [output, functionNode] = functionOf(x);
function functionOf(input: torch.Tensor): [torch.Tensor, unknown] {
  const request: WrapRequest = {
    inputs: [input],
    outputs: [input.detach().clone()],
    toSave: [],
    forForward: [],
    dirty: [],
    nonDifferentiable: [],
    separateContext: false,
    materialize: true,
  };
  return native.functionWrap(callback, 'Example', request) as [torch.Tensor, unknown];
}

const externals = { 'a graph node': graphNode, 'a function node': functionNode };

type Call = (external: unknown) => unknown;
const takers: Record<keyof typeof externals, Record<string, Call>> = {
  'a graph node': {
    nodeName: (value) => native.nodeName(value),
    nodeIdentity: (value) => native.nodeIdentity(value),
    nodeEdges: (value) => native.nodeEdges(value),
    nodeSequence: (value) => native.nodeSequence(value),
    nodeHooks: (value) => native.nodeHooks(value),
    setNodeHooks: (value) => {
      native.setNodeHooks(value, callback);
    },
    nodePrehooks: (value) => native.nodePrehooks(value),
    setNodePrehooks: (value) => {
      native.setNodePrehooks(value, callback);
    },
  },
  'a function node': { functionSaved: (value) => native.functionSaved(value, false) },
};
const messages: Record<keyof typeof externals, string> = {
  'a graph node': "argument 'node' must be a node of the graph, not ",
  'a function node': "argument 'node' must be what functionWrap() returned, not ",
};
/** One call for each kind that succeeds, and what it returns. */
const accepted: Record<keyof typeof externals, Call> = {
  'a graph node': (value) => native.nodeName(value),
  'a function node': (value) => native.functionSaved(value, false),
};
const results = { 'a graph node': 'MulBackward0', 'a function node': [] };
const kinds = Object.keys(externals) as (keyof typeof externals)[];

describe.each(kinds)('what takes %s', (kind) => {
  test('accepts its own kind of External', () => {
    expect(output.requiresGrad).toBe(true);
    expect(accepted[kind](externals[kind])).toEqual(results[kind]);
  });

  test.each(Object.keys(takers[kind]))('%s refuses any other kind, with the name of the argument', (name) => {
    const call = takers[kind][name];
    for (const other of kinds.filter((candidate) => candidate !== kind)) {
      expect(() => call(externals[other])).toThrow(new TypeError(`${messages[kind]}external`));
    }
    for (const value of [undefined, null, 1, 'x', {}, [], x]) {
      expect(() => call(value)).toThrow(TypeError);
      expect(() => call(value)).toThrow(messages[kind]);
    }
  });
});

describe('what takes a callback', () => {
  const takers: Record<string, (value: never) => unknown> = {
    "argument 'hooks'": (value) => {
      native.setTensorHooks(torch.ones([2], { requiresGrad: true }), value);
    },
    "argument 'pack'": (value) => native.pushSavedTensorHooks(value, false),
    "argument 'callback'": (value) => native.functionWrap(value, 'Example', {} as WrapRequest),
  };
  test.each(Object.keys(takers))('%s refuses anything but a function', (name) => {
    for (const value of [undefined, null, 1, 'x', {}, [], x, graphNode]) {
      expect(() => takers[name](value as never)).toThrow(TypeError);
      expect(() => takers[name](value as never)).toThrow(`${name} must be a function, not `);
    }
  });
});
