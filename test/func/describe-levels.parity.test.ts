/** `torch.func.describeLevels`, against functorch's own list of interpreters. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { parity, some } from '../support/parity/cases';

const { describeLevels, functionalize, grad, hessian, jacrev, jvp, vjp } = torch.func;
type Description = ReturnType<typeof describeLevels>;

/** Runs `call` and returns what describeLevels gave inside the function that it hands on. */
function inside(call: (record: (x: Tensor) => Tensor) => unknown): unknown[] {
  let found: Description = [];
  call((x) => {
    found = describeLevels();
    return x.sin().sum();
  });
  return found.map((info) =>
    info.kind === 'vmap' ? [info.kind, info.level, info.batchSize, info.randomness] : [info.kind, info.level],
  );
}

// The same list in Python: the function runs under the transforms and keeps the stack.
const python = (call: string): string => `
from torch._C._functorch import get_interpreter_stack, TransformType, CVmapInterpreterPtr, RandomnessType
names = {TransformType.Grad: 'grad', TransformType.Jvp: 'jvp', TransformType.Vmap: 'vmap', TransformType.Functionalize: 'functionalize'}
randomness = {RandomnessType.Error: 'error', RandomnessType.Same: 'same', RandomnessType.Different: 'different'}
found = []
def describe(i):
    if i.key() != TransformType.Vmap: return [names[i.key()], i.level()]
    p = CVmapInterpreterPtr(i)
    return [names[i.key()], i.level(), p.batchSize(), randomness[p.randomness()]]
def f(x):
    found[:] = [describe(i) for i in (get_interpreter_stack() or [])]
    return x.sin().sum()
${call}
return found`;

parity('describeLevels', (cases) => {
  const add = (call: string, run: (inputs: any) => unknown) => cases.add(python(call), run, { name: call });
  cases.inputs({ x: some([4, 3]), v: some([3]) });
  add('f(x)', ({ x }) => inside((f) => f(x)));
  add('grad(f)(x)', ({ x }) => inside((f) => grad(f)(x)));
  add('vjp(f, x)', ({ x }) => inside((f) => vjp(f, x)));
  add('jvp(f, (v,), (v,))', ({ v }) => inside((f) => jvp(f, [v], [v])));
  add('vmap(f)(x)', ({ x }) => inside((f) => torch.vmap(f)(x)));
  add('functionalize(f)(x)', ({ x }) => inside((f) => functionalize(f)(x)));
  add('vmap(grad(f), randomness="different")(x)', ({ x }) =>
    inside((f) => torch.vmap(grad(f), { randomness: 'different' })(x)),
  );
  add('vmap(vmap(f, randomness="same"), in_dims=1)(x[None].expand(2, 4, 3))', ({ x }) =>
    inside((f) => torch.vmap(torch.vmap(f, { randomness: 'same' }), { inDims: 1 })(x.unsqueeze(0).expand([2, 4, 3]))),
  );
  add('jacrev(f)(v)', ({ v }) => inside((f) => jacrev(f)(v)));
  add('hessian(f)(v)', ({ v }) => inside((f) => hessian(f)(v)));
  add('grad(lambda x: jvp(f, (x,), (x,))[1])(v)', ({ v }) =>
    inside((f) => grad((x: Tensor) => jvp(f, [x], [x])[1])(v)),
  );
});

test('the stack is empty again after an error', () => {
  expect(() =>
    grad((_: Tensor): Tensor => {
      throw new Error('stop');
    })(torch.ones(3)),
  ).toThrow('stop');
  expect(describeLevels()).toEqual([]);
});

test('each call returns new objects with the documented keys only', () => {
  torch.vmap((x: Tensor) => {
    grad((y: Tensor) => {
      const [outer, inner] = describeLevels();
      expect(outer).toEqual({ kind: 'vmap', level: 1, batchSize: 2, randomness: 'error' });
      expect(inner).toEqual({ kind: 'grad', level: 2 });
      expect(describeLevels()[0]).not.toBe(outer);
      return y.sum();
    })(x);
    return x;
  })(torch.ones(2, 3));
});
