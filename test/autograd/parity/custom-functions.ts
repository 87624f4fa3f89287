/** Custom functions as PyTorch's TestAutograd and TestAutogradFunction try them, class by class. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import type { Cases } from '../../support/parity/cases';
import { contexts, F } from './custom-function-contexts';
import { withLeaves } from './engine';

const { Function: Base, grad } = torch.autograd;
type Ctx = torch.autograd.FunctionCtx;
type Add = ReturnType<typeof withLeaves>;

function results(add: Add): void {
  add(
    'tensors and a number, two derivatives',
    `${F(`
      def forward(ctx, a, k, b):
          ctx.k = k
          ctx.save_for_backward(a, b)
          return a + k * b + a * b
      def backward(ctx, g):
          a, b = ctx.saved_tensors
          return g + g * b, None, g * ctx.k + g * a
`)}F.apply(x, 2, y).sum().backward(torch.ones((), dtype=x.dtype, requires_grad=True), create_graph=True)
return [x.grad, y.grad, x.grad.requires_grad, torch.autograd.grad(x.grad.sum(), y)]`,
    ({ x, y }) => {
      class F extends Base {
        static override forward(ctx: Ctx & { k: number }, a: Tensor, k: number, b: Tensor) {
          ctx.k = k;
          ctx.saveForBackward(a, b);
          return a.add(b.mul(k)).add(a.mul(b));
        }
        static override backward(ctx: Ctx & { k: number }, g: Tensor) {
          const [a, b] = ctx.savedTensors;
          return [g.add(g.mul(b)), null, g.mul(ctx.k).add(g.mul(a))];
        }
      }
      F.apply(x, 2, y)
        .sum()
        .backward(torch.ones([], { dtype: 'float64', requiresGrad: true }), { createGraph: true });
      return [x.grad, y.grad, x.grad.requiresGrad, grad(x.grad.sum(), y)];
    },
  );
  add(
    'an input that is returned as it is',
    `${F(`
      def forward(ctx, a): return a
      def backward(ctx, g): return g * 2
`)}F.apply(s).backward()
F.apply(s.clone()).backward()
return s.grad`,
    ({ s }) => {
      class F extends Base {
        static override forward(_: Ctx, a: Tensor) {
          return a;
        }
        static override backward(_: Ctx, g: Tensor) {
          return g.mul(2);
        }
      }
      F.apply(s).backward();
      F.apply(s.clone()).backward();
      return s.grad;
    },
  );
  add(
    'no gradient comes back: none is left, not zeros',
    `${F(`
      def forward(ctx, a): return a * 2
      def backward(ctx, g): return None
`)}F.apply(x).backward(ones)
F.apply(x ** 2).backward(ones)
F.apply(x).sum().backward()
return [x.grad, torch.autograd.grad(F.apply(x).sum(), x, allow_unused=True)]`,
    ({ x, ones }) => {
      class F extends Base {
        static override forward(_: Ctx, a: Tensor) {
          return a.mul(2);
        }
        static override backward(): null {
          return null;
        }
      }
      F.apply(x).backward(ones);
      F.apply(x.pow(2)).backward(ones);
      F.apply(x).sum().backward();
      return [x.grad, grad(F.apply(x).sum(), x, { allowUnused: true })];
    },
  );
  add(
    'results that are no tensors, among others',
    `${F(`
      def forward(ctx, a, b, k, c):
          ctx.k = k
          ctx.save_for_backward(a, b, c)
          return k, (a + b * c) * k, None, True, (a * b + c) * k, "bar", a
      def backward(ctx, *g):
          a, b, c = ctx.saved_tensors
          assert [h is None for h in g] == [True, False, True, True, False, True, False]
          return g[1] * ctx.k + g[4] * b * ctx.k + g[6], g[1] * c * ctx.k + g[4] * a * ctx.k, None, g[1] * b * ctx.k + g[4] * ctx.k
`)}r = F.apply(x, y, 3, ones)
torch.autograd.backward([r[1].sum(), r[4].sum(), r[6].sum()])
return [list(r), x.grad, y.grad]`,
    ({ x, y, ones }) => {
      class F extends Base {
        static override forward(ctx: Ctx & { k: number }, a: Tensor, b: Tensor, k: number, c: Tensor): unknown[] {
          ctx.k = k;
          ctx.saveForBackward(a, b, c);
          return [k, a.add(b.mul(c)).mul(k), null, true, a.mul(b).add(c).mul(k), 'bar', a];
        }
        static override backward(ctx: Ctx & { k: number }, ...g: (Tensor | null)[]) {
          const [a, b, c] = ctx.savedTensors;
          if (g.map((h) => h === null).join() !== 'true,false,true,true,false,true,false') throw new Error(String(g));
          const [g1, g4, g6] = [g[1], g[4], g[6]] as Tensor[];
          const { k } = ctx;
          return [
            g1.mul(k).add(g4.mul(b).mul(k)).add(g6),
            g1.mul(c).mul(k).add(g4.mul(a).mul(k)),
            null,
            g1.mul(b).mul(k).add(g4.mul(k)),
          ];
        }
      }
      const r = F.apply(x, y, 3, ones) as Tensor[];
      torch.autograd.backward([r[1].sum(), r[4].sum(), r[6].sum()]);
      return [[...r], x.grad, y.grad];
    },
  );
  add(
    'no tensors at all',
    `${F(`
      def forward(ctx, a, b): return a + b, None, "bar"
      def backward(ctx, *g): return None, None
`)}return list(F.apply(1.5, 2))`,
    () => {
      class F extends Base {
        static override forward(_: Ctx, a: number, b: number): unknown[] {
          return [a + b, null, 'bar'];
        }
        static override backward(): null[] {
          return [null, null];
        }
      }
      return [...(F.apply(1.5, 2) as unknown[])];
    },
  );
  add(
    'one of two results is marked as not differentiable',
    `${F(`
      def forward(ctx, a):
          b, c = a + 1, a + 2
          ctx.mark_non_differentiable(b)
          return b, c
      def backward(ctx, gb, gc):
          assert (gb == 0).all() and (gc == 1).all()
          return gc
`)}b, c = F.apply(x)
c.sum().backward()
return [b.requires_grad, c.requires_grad, x.grad]`,
    ({ x }) => {
      class F extends Base {
        static override forward(ctx: Ctx, a: Tensor): [Tensor, Tensor] {
          const [b, c] = [a.add(1), a.add(2)];
          ctx.markNonDifferentiable(b);
          return [b, c];
        }
        static override backward(_: Ctx, gb: Tensor, gc: Tensor) {
          if (!torch.equal(gb, torch.zerosLike(gb)) || !torch.equal(gc, torch.onesLike(gc))) throw new Error('other');
          return gc;
        }
      }
      const [b, c] = F.apply(x);
      c.sum().backward();
      return [b.requiresGrad, c.requiresGrad, x.grad];
    },
  );
  add(
    'a mask that is marked, and a whole that is',
    `${F(`
      def forward(ctx, a, whole):
          out = a.clone() if whole else a > 0
          ctx.mark_non_differentiable(out)
          return out
      def backward(ctx, g): return None, None
`)}mask, copy = F.apply(x, False), F.apply(x * x, True)
(x.masked_fill(mask, 0).sum() + (copy * x).sum()).backward()
return [mask, mask.requires_grad, copy.requires_grad, x.grad]`,
    ({ x }) => {
      class F extends Base {
        static override forward(ctx: Ctx, a: Tensor, whole: boolean): Tensor {
          const out = whole ? a.clone() : a.gt(0);
          ctx.markNonDifferentiable(out);
          return out;
        }
        static override backward(): null[] {
          return [null, null];
        }
      }
      const [mask, copy] = [F.apply(x, false), F.apply(x.mul(x), true)];
      x.maskedFill(mask, 0).sum().add(copy.mul(x).sum()).backward();
      return [mask, mask.requiresGrad, copy.requiresGrad, x.grad];
    },
  );
  add(
    'one tensor returned twice, also one that was written to',
    `${F(`
      def forward(ctx, a, write):
          if write:
              a.mul_(2)
              ctx.mark_dirty(a)
          out = a if write else a * 2
          return out, out
      def backward(ctx, g, h): return g * 2 + h * 2, None
`)}results = []
for write in (False, True):
    a, b = F.apply(x.clone(), write)
    (a.sin() + b).sum().backward()
    results += [a is b, a, x.grad.clone()]
return results`,
    ({ x }) => {
      class F extends Base {
        static override forward(ctx: Ctx, a: Tensor, write: boolean): [Tensor, Tensor] {
          if (write) {
            a.mul_(2);
            ctx.markDirty(a);
          }
          const out = write ? a : a.mul(2);
          return [out, out];
        }
        static override backward(_: Ctx, g: Tensor, h: Tensor) {
          return [g.mul(2).add(h.mul(2)), null];
        }
      }
      return [false, true].flatMap((write) => {
        const [a, b] = F.apply(x.clone(), write);
        a.sin().add(b).sum().backward();
        return [a === b, a, x.grad.clone()];
      });
    },
  );
  add(
    'a leaf returned: its hook sees what its own uses give',
    `${F(`
      def forward(ctx, a, b): return a, a + b
      def backward(ctx, ga, gb): return ga + gb, gb
`)}seen = []
q, p = F.apply(x, y)
q.register_hook(lambda g: seen.append(g))
(q + p + x).sum().backward()
return [seen, x.grad, y.grad]`,
    ({ x, y }) => {
      class F extends Base {
        static override forward(_: Ctx, a: Tensor, b: Tensor): [Tensor, Tensor] {
          return [a, a.add(b)];
        }
        static override backward(_: Ctx, ga: Tensor, gb: Tensor) {
          return [ga.add(gb), gb];
        }
      }
      const seen: Tensor[] = [];
      const [q, p] = F.apply(x, y);
      q.registerHook((g) => void seen.push(g));
      q.add(p).add(x).sum().backward();
      return [seen, x.grad, y.grad];
    },
  );
  add(
    'a plain tensor written to by what needs a gradient',
    `${F(`
      def forward(ctx, a, b):
          ctx.mark_dirty(a)
          return a.add_(b), b + 2
      def backward(ctx, ga, gb): return ga, ga + gb
`)}a = torch.zeros(3, dtype=x.dtype)
q, p = F.apply(a, y)
q.sum().backward()
return [q is a, q.requires_grad, q, y.grad]`,
    ({ y }) => {
      class F extends Base {
        static override forward(ctx: Ctx, a: Tensor, b: Tensor): [Tensor, Tensor] {
          ctx.markDirty(a);
          return [a.add_(b), b.add(2)];
        }
        static override backward(_: Ctx, ga: Tensor, gb: Tensor) {
          return [ga, ga.add(gb)];
        }
      }
      const a = torch.zeros(3, { dtype: 'float64' });
      const [q] = F.apply(a, y);
      q.sum().backward();
      return [q === a, q.requiresGrad, q, y.grad];
    },
  );
  add(
    'nothing saved among what is saved, and more gradients than inputs',
    `${F(`
      def forward(ctx, a):
          ctx.save_for_backward(None, a, None)
          return a * a
      def backward(ctx, g):
          n1, a, n2 = ctx.saved_tensors
          assert n1 is None and n2 is None
          return 2 * a * g, None, None
`)}F.apply(x).sum().backward()
return x.grad`,
    ({ x }) => {
      class F extends Base {
        static override forward(ctx: Ctx, a: Tensor) {
          ctx.saveForBackward(null, a, null);
          return a.mul(a);
        }
        static override backward(ctx: Ctx, g: Tensor) {
          const [n1, a, n2] = ctx.savedTensors as (Tensor | null)[];
          if (n1 !== null || n2 !== null) throw new Error('saved');
          return [(a as Tensor).mul(2).mul(g), null, null];
        }
      }
      F.apply(x).sum().backward();
      return x.grad;
    },
  );
  add(
    'a result without a gradient handed to another function',
    `
class F1(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a):
        out = torch.ones(a.size(), dtype=a.dtype)
        ctx.mark_non_differentiable(out)
        return a, out
    @staticmethod
    def backward(ctx, g, ignored): return g
class F2(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, ignored): return a
    @staticmethod
    def backward(ctx, g): return g, None
a, b = F1.apply(x)
b = b + 1
F2.apply(a, b).backward(ones)
return [a.requires_grad, b.requires_grad, x.grad]`,
    ({ x, ones }) => {
      class F1 extends Base {
        static override forward(ctx: Ctx, a: Tensor): [Tensor, Tensor] {
          const out = torch.ones(3, { dtype: 'float64' });
          ctx.markNonDifferentiable(out);
          return [a, out];
        }
        static override backward(_: Ctx, g: Tensor) {
          return g;
        }
      }
      class F2 extends Base {
        static override forward(_: Ctx, a: Tensor, __: Tensor) {
          return a;
        }
        static override backward(_: Ctx, g: Tensor) {
          return [g, null];
        }
      }
      const [a, first] = F1.apply(x);
      const b = first.add(1);
      F2.apply(a, b).backward(ones);
      return [a.requiresGrad, b.requiresGrad, x.grad];
    },
  );
}

export function customFunctionBehaviours(cases: Cases): void {
  const add = withLeaves(cases);
  results(add);
  contexts(add);
}
