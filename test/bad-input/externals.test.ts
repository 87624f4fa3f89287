/** The addon's Externals are untyped pointers: one of the wrong kind must be refused, not cast. */

import * as torch from '../../lib';
import { native } from '../../lib/native';
import type { WrapRequest } from '../../lib/native';

const site = native.createCallbackSite(() => undefined);
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
  return native.functionWrap(site, 1, 'Example', request) as [torch.Tensor, unknown];
}

const externals = { 'a callback site': site, 'a graph node': graphNode, 'a function node': functionNode };

type Call = (external: unknown) => unknown;
const takers: Record<keyof typeof externals, Record<string, Call>> = {
  'a callback site': {
    releasedCallbacks: (value) => native.releasedCallbacks(value),
    registerHook: (value) => native.registerHook(value, x, 2),
    pushSavedTensorHooks: (value) => native.pushSavedTensorHooks(value, 2),
    functionWrap: (value) => native.functionWrap(value, 2, 'Example', {} as WrapRequest),
  },
  'a graph node': {
    nodeName: (value) => native.nodeName(value),
    nodeIdentity: (value) => native.nodeIdentity(value),
    nodeEdges: (value) => native.nodeEdges(value),
    nodeSequence: (value) => native.nodeSequence(value),
    registerNodeHook: (value) => native.registerNodeHook(site, value, 2),
    registerNodePrehook: (value) => native.registerNodePrehook(site, value, 2),
  },
  'a function node': { functionSaved: (value) => native.functionSaved(value, false) },
};
const messages: Record<keyof typeof externals, string> = {
  'a callback site': "argument 'site' must be what createCallbackSite() returned, not ",
  'a graph node': "argument 'node' must be a node of the graph, not ",
  'a function node': "argument 'node' must be what functionWrap() returned, not ",
};
/** One call for each kind that succeeds, and what it returns. */
const accepted: Record<keyof typeof externals, Call> = {
  'a callback site': (value) => native.releasedCallbacks(value),
  'a graph node': (value) => native.nodeName(value),
  'a function node': (value) => native.functionSaved(value, false),
};
const results = { 'a callback site': [], 'a graph node': 'MulBackward0', 'a function node': [] };
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
