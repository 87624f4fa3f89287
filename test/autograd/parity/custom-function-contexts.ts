/** What custom functions save, and where they run, as PyTorch's TestAutograd tries them. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import type { withLeaves } from './engine';

const { Function: Base, grad } = torch.autograd;
const { func, noGrad } = torch;
type Ctx = torch.autograd.FunctionCtx;

/** The Python of a class F with static methods. */
export const F = (methods: string): string =>
  `class F(torch.autograd.Function):\n${methods
    .replace(/^\n/, '')
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^ {6}/, '    '))
    .map((line) => line.replace(/^( {4})def /, '$1@staticmethod\n$1def '))
    .join('\n')}\n`;

export function contexts(add: ReturnType<typeof withLeaves>): void {
  add(
    'under noGrad nothing is recorded',
    `${F(`
      def forward(ctx, a, same): return a if same else a + 1
      def backward(ctx, g): return g, None
`)}with torch.no_grad():
    r = [F.apply(x, True), F.apply(x, False)]
return [[t.requires_grad for t in r], [t.grad_fn is None for t in r], x.requires_grad]`,
    ({ x }) => {
      class F extends Base {
        static override forward(_: Ctx, a: Tensor, same: boolean) {
          return same ? a : a.add(1);
        }
        static override backward(_: Ctx, g: Tensor) {
          return [g, null];
        }
      }
      const r = noGrad(() => [F.apply(x, true), F.apply(x, false)]);
      return [r.map((t) => t.requiresGrad), r.map((t) => t.gradFn === null), x.requiresGrad];
    },
  );
  add(
    'one that saves its result, differentiated twice, again and again',
    `${F(`
      def forward(ctx, a):
          out = a.prod(dim=-1)
          ctx.save_for_backward(a, out)
          return out
      def backward(ctx, g):
          a, out = ctx.saved_tensors
          return (g * out)[:, None] / a
`)}out = F.apply(m)
results = []
for _ in range(2):
    g, = torch.autograd.grad(out[0], m, create_graph=True)
    results += torch.autograd.grad(g[0, 0], m, retain_graph=True)
return results`,
    ({ m }) => {
      class F extends Base {
        static override forward(ctx: Ctx, a: Tensor) {
          const out = a.prod(-1);
          ctx.saveForBackward(a, out);
          return out;
        }
        static override backward(ctx: Ctx, g: Tensor) {
          const [a, out] = ctx.savedTensors;
          return g.mul(out).unsqueeze(1).div(a);
        }
      }
      const out = F.apply(m);
      return [0, 1].flatMap(() => {
        const [g] = grad(out.select(0, 0), m as Tensor, { createGraph: true });
        return grad(g.index(0, 0), m as Tensor, { retainGraph: true });
      });
    },
  );
  add(
    'an argument that is left out',
    `${F(`
      def forward(a, k=3): return torch.pow(a, k)
      def setup_context(ctx, inputs, output):
          a, k = inputs
          ctx.save_for_backward(a)
          ctx.k = k
      def backward(ctx, g):
          a, = ctx.saved_tensors
          return g * ctx.k * torch.pow(a, ctx.k - 1), None
`)}o = F.apply(x)
return [o, torch.autograd.grad(o.sum(), x)]`,
    ({ x }) => {
      class F extends Base {
        static override forward(a: Tensor, k = 3) {
          return a.pow(k);
        }
        static override setupContext(ctx: Ctx & { k: number }, [a, k = 3]: [Tensor, number?]) {
          ctx.saveForBackward(a);
          ctx.k = k;
        }
        static override backward(ctx: Ctx & { k: number }, g: Tensor) {
          return g.mul(ctx.k).mul(ctx.savedTensors[0].pow(ctx.k - 1));
        }
      }
      const o = F.apply(x);
      return [o, grad(o.sum(), x)];
    },
  );
  add(
    'jvp inside forward and backward',
    `${F(`
      def forward(ctx, a):
          _, t = jvp(torch.cos, (a,), (torch.ones_like(a),))
          ctx.save_for_backward(a)
          return -t
      def backward(ctx, g):
          a, = ctx.saved_tensors
          return g * jvp(torch.sin, (a,), (torch.ones_like(a),))[1]
`)}o = F.apply(x)
return [o, torch.autograd.grad(o.sum(), x)]`,
    ({ x }) => {
      class F extends Base {
        static override forward(ctx: Ctx, a: Tensor) {
          ctx.saveForBackward(a);
          return func.jvp((t: Tensor) => t.cos(), [a], [torch.onesLike(a)])[1].neg();
        }
        static override backward(ctx: Ctx, g: Tensor) {
          const [a] = ctx.savedTensors;
          return g.mul(func.jvp((t: Tensor) => t.sin(), [a], [torch.onesLike(a)])[1]);
        }
      }
      const o = F.apply(x);
      return [o, grad(o.sum(), x)];
    },
  );
}
