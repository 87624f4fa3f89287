/** Functions of autograd.graph: multi-grad hooks, edges, saved tensors, mutation. Values from PyTorch 2.13 or closed forms. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectError } from '../support/errors';

const { graph, grad } = torch.autograd;
const leaf = (): Tensor => torch.ones(2, { requiresGrad: true });
const values = (tensors: (Tensor | null)[]): unknown[] => tensors.map((tensor) => tensor?.toArray() ?? null);

describe('registerMultiGradHook', () => {
  test('all: once per run, with the gradients that the run computes', () => {
    const [a, b, c, d] = [leaf(), leaf(), leaf(), leaf()];
    const seen: unknown[] = [];
    const handle = graph.registerMultiGradHook([a, b, c, d], (grads) => void seen.push(values(grads)));
    a.mul(2).add(b.mul(3)).sum().backward();
    expect(seen).toEqual([[[2, 2], [3, 3], null, null]]);
    a.mul(2).add(c.mul(d)).sum().backward();
    expect(seen[1]).toEqual([[2, 2], null, [1, 1], [1, 1]]);
    handle.remove();
    a.sum().backward();
    expect(seen).toHaveLength(2);
  });

  test('any: once per run, with the first gradient', () => {
    const [a, b] = [leaf(), leaf()];
    const seen: unknown[] = [];
    using _ = graph.registerMultiGradHook([a, b], (gradient) => void seen.push(gradient?.toArray()), { mode: 'any' });
    a.mul(2).mul(b).sum().backward();
    expect(seen).toEqual([[2, 2]]);
    grad(a.mul(b).sum(), a);
    expect(seen).toEqual([
      [2, 2],
      [1, 1],
    ]);
  });

  test('runs inside a hook count for themselves, and a run that fails is forgotten', () => {
    const [a, b] = [leaf(), leaf()];
    const seen: unknown[] = [];
    graph.registerMultiGradHook([a, b], (grads) => void seen.push(values(grads)));
    const failing = a.mul(1);
    const failure = failing.registerHook(() => {
      throw new Error('mine');
    });
    expect(() => {
      failing.add(b).sum().backward();
    }).toThrow('mine');
    failure.remove();
    const outer = b.mul(1);
    let inner = true;
    outer.registerHook(() => {
      if (!inner) return;
      inner = false;
      torch.enableGrad(() => {
        a.mul(5).add(b.mul(7)).sum().backward();
      });
    });
    a.add(outer).sum().backward();
    expect(seen).toEqual([
      [
        [5, 5],
        [7, 7],
      ],
      [
        [1, 1],
        [1, 1],
      ],
    ]);
  });

  test('wrong arguments', () => {
    expectError(
      () => graph.registerMultiGradHook([leaf()], () => undefined, { mode: 'some' } as never),
      torch.ValueError,
      "Expects mode to be one of ('all', 'any') but got some",
    );
    expect(() => graph.registerMultiGradHook([1 as never], () => undefined)).toThrow(TypeError);
    expect(() => graph.registerMultiGradHook([leaf()], 1 as never)).toThrow(TypeError);
  });
});

describe('getGradientEdge', () => {
  test('is an input of grad, also for a tensor that was changed in place since', () => {
    const x = torch.tensor([2], { requiresGrad: true });
    const y = x.mul(3);
    const edge = graph.getGradientEdge(y);
    expect([edge.node.name(), edge.outputNr]).toEqual(['MulBackward0', 0]);
    expect(edge.node.equals(y.gradFn)).toBe(true);
    const [g, h] = grad(y.mul(y).sum(), [edge, x]);
    expect([g.item(), h.item()]).toEqual([12, 36]);
    y.mul_(5);
    expect(grad(y.sum(), edge)[0].toArray()).toEqual([5]);
    const [, second] = torch.ones(4, { requiresGrad: true }).mul(1).chunk(2);
    expect(graph.getGradientEdge(second).outputNr).toBe(1);
  });

  test('of a leaf: its accumulator', () => {
    const x = leaf();
    const { node } = graph.getGradientEdge(x);
    expect(node.name()).toBe('torch::autograd::AccumulateGrad');
    node.variable!.registerHook((g) => g.mul(3));
    expect(grad(x.sum(), x)[0].toArray()).toEqual([3, 3]);
    expect(x.mul(1).gradFn!.variable).toBeNull();
  });

  test('errors', () => {
    expectError(
      () => graph.getGradientEdge(torch.ones(1)),
      torch.RuntimeError,
      'It is not possible to get the gradient edge for a Tensor that does not require gradients',
    );
    expectError(
      () => grad(leaf().sum(), graph.getGradientEdge(leaf()), { materializeGrads: true }),
      torch.RuntimeError,
      'materializeGrads cannot be used when the given input is a GradientEdge',
    );
  });
});

describe('savedTensors of a node', () => {
  const x = torch.tensor([1, 2], { requiresGrad: true });
  const y = torch.tensor([3, 4], { requiresGrad: true });

  test('of operators', () => {
    expect(values(x.sin().gradFn!.savedTensors)).toEqual([[1, 2]]);
    expect(values(x.mul(y).gradFn!.savedTensors).sort()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    const result = x.exp();
    expect(torch.equal(result.gradFn!.savedTensors[0], result)).toBe(true);
    expect(x.add(y).gradFn!.savedTensors).toEqual([]);
    expect(graph.getGradientEdge(x).node.savedTensors).toEqual([]);
  });

  test('of custom functions', () => {
    class Saving extends torch.autograd.Function {
      static override forward(ctx: torch.autograd.FunctionCtx, a: Tensor, b: Tensor): Tensor {
        ctx.saveForBackward(b, null, a);
        return a.mul(b);
      }
    }
    expect(values(Saving.apply(x, y).gradFn!.savedTensors)).toEqual([
      [3, 4],
      [1, 2],
    ]);
  });

  test('under hooks on saved tensors: what they unpack', () => {
    const z = graph.savedTensorsHooks(
      (t) => t,
      (t) => t.mul(10),
      () => x.sin(),
    );
    expect(values(z.gradFn!.savedTensors)).toEqual([[10, 20]]);
  });

  test('errors: a freed graph, and a change in place', () => {
    const z = x.sin();
    z.sum().backward();
    expect(() => z.gradFn!.savedTensors).toThrow(/Trying to backward through the graph a second time/);
    const changed = x.mul(1);
    const sine = changed.sin();
    changed.add_(1);
    expect(() => sine.gradFn!.savedTensors).toThrow(/modified by an inplace operation/);
  });
});

describe('allowMutationOnSavedTensors', () => {
  test('gradients are those of the values that were saved', () => {
    const a = torch.tensor([1, 2, 3], { requiresGrad: true });
    const out = graph.allowMutationOnSavedTensors(() => {
      const b = a.clone();
      const squares = b.pow(2).sum();
      b.sin_();
      b.select(0, 0).mul_(100);
      return squares;
    });
    out.backward();
    expect(a.grad!.toArray()).toEqual([2, 4, 6]);
  });

  test('results that an operator saved, views, and double backward', () => {
    const a = torch.tensor([0.5, 1.5], { requiresGrad: true, dtype: 'float64' });
    using _ = graph.allowMutationOnSavedTensors();
    const b = a.clone();
    const e = b.narrow(0, 0, 1).exp();
    const total = e.clone();
    e.zero_();
    const [g] = grad(total.sum(), a, { createGraph: true });
    const [h] = grad(g.sum(), a);
    expect(torch.allclose(g, torch.tensor([Math.exp(0.5), 0], { dtype: 'float64' }))).toBe(true);
    expect(torch.allclose(h, g.detach())).toBe(true);
  });

  test('without it the same is an error', () => {
    const b = torch.ones(2, { requiresGrad: true }).clone();
    const out = b.pow(2).sum();
    b.sin_();
    expect(() => {
      out.backward();
    }).toThrow(/modified by an inplace operation/);
  });
});

test('incrementVersion', () => {
  const x = torch.tensor([1, 2]);
  graph.incrementVersion(x);
  expect(x._version).toBe(1);
  graph.incrementVersion([x, x]);
  expect(x._version).toBe(3);
  const saved = leaf().mul(1);
  const y = saved.sin().sum();
  graph.incrementVersion(saved);
  expect(() => {
    y.backward();
  }).toThrow(/modified by an inplace operation/);
  graph.incrementVersion(torch.inferenceMode(() => torch.ones(1)));
  expect(() => {
    graph.incrementVersion([1 as never]);
  }).toThrow(TypeError);
});

test('saveForForward takes undefined for null, as saveForBackward does', () => {
  class Sine extends torch.autograd.Function {
    static override forward(a: Tensor): Tensor {
      return a.sin();
    }
    static override setupContext(ctx: torch.autograd.FunctionCtx, [a]: [Tensor]): void {
      ctx.saveForForward(undefined as never, a);
    }
    static override jvp(ctx: torch.autograd.FunctionCtx, t: Tensor): Tensor {
      const [none, a] = ctx.savedTensors;
      expect(none).toBeNull();
      return a.cos().mul(t);
    }
  }
  const x = torch.tensor([0, 1]);
  const [, tangent] = torch.func.jvp((t: Tensor) => Sine.apply(t), [x], [torch.ones(2)]);
  expect(torch.allclose(tangent, x.cos())).toBe(true);
});
