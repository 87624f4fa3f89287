/** Retained gradients and hooks of tensors that are written to, as PyTorch's TestAutograd tries them. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import type { Cases } from '../../support/parity/cases';
import { withLeaves } from './engine';

const { grad } = torch.autograd;

export function retainedBehaviours(cases: Cases): void {
  const add = withLeaves(cases);
  add(
    'asked for twice, added up, and of a leaf',
    `
      h = x * 3
      out = (h * h).sum()
      h.retain_grad(); h.retain_grad()
      out.backward(retain_graph=True)
      first = h.grad.clone()
      out.backward(retain_graph=True)
      x.retain_grad(); x.retain_grad()
      out.backward()
      return [first, h.grad, x.grad]`,
    ({ x }) => {
      const h = x.mul(3);
      const out = h.mul(h).sum();
      h.retainGrad();
      h.retainGrad();
      out.backward({ retainGraph: true });
      const first = h.grad.clone();
      out.backward({ retainGraph: true });
      x.retainGrad();
      x.retainGrad();
      out.backward();
      return [first, h.grad, x.grad];
    },
  );
  add(
    'of a tensor that is written to afterwards, once and twice',
    `
      results = []
      for times in (1, 2):
          a = x.clone()
          a.retain_grad()
          for _ in range(times):
              a.mul_(2)
          a.sum().backward()
          results += [a.grad, x.grad.clone()]
      return results`,
    ({ x }) =>
      [1, 2].flatMap((times) => {
        const a = x.clone();
        a.retainGrad();
        for (let i = 0; i < times; i++) a.mul_(2);
        a.sum().backward();
        return [a.grad, x.grad.clone()];
      }),
  );
  add(
    'of a base whose view is written to',
    `
      a = x.clone()
      a.retain_grad()
      a[:].mul_(2)
      a.mul_(2)
      a.sum().backward()
      plain = torch.zeros(4)
      plain.view(2, 2).add_(torch.ones(2, 2, requires_grad=True))
      return [a.grad, x.grad, plain.requires_grad]`,
    ({ x }) => {
      const a = x.clone();
      a.retainGrad();
      a.index(':').mul_(2);
      a.mul_(2);
      a.sum().backward();
      const plain = torch.zeros(4);
      plain.view(2, 2).add_(torch.ones(2, 2, { requiresGrad: true }));
      return [a.grad, x.grad, plain.requiresGrad];
    },
  );
  add(
    'of views, one of which is written to',
    `
      base = x.clone()
      a, c = base[:], base[:]
      a.retain_grad(); c.retain_grad()
      a.mul_(2)
      (a + c).sum().backward()
      return [a.grad, c.grad, x.grad]`,
    ({ x }) => {
      const base = x.clone();
      const [a, c] = [base.index(':'), base.index(':')];
      a.retainGrad();
      c.retainGrad();
      a.mul_(2);
      a.add(c).sum().backward();
      return [a.grad, c.grad, x.grad];
    },
  );
  add(
    'of two results of one operator, one written to',
    `
      var, mean = torch.var_mean(m, dim=1)
      var.retain_grad(); mean.retain_grad()
      var.mul_(2)
      (var + mean).sum().backward()
      return [var.grad, mean.grad, m.grad]`,
    ({ m }) => {
      const [variance, mean] = torch.varMean(m, 1);
      variance.retainGrad();
      mean.retainGrad();
      variance.mul_(2);
      variance.add(mean).sum().backward();
      return [variance.grad, mean.grad, m.grad];
    },
  );
  add(
    'sees what hooks registered before and after it return',
    `
      results = []
      for before in (True, False):
          b = s.clone()
          if before:
              b.register_hook(lambda g: g * 2)
          b.retain_grad()
          b.register_hook(lambda g: g * 2)
          b.clone().backward()
          results.append(b.grad)
      return results`,
    ({ s }) =>
      [true, false].map((before) => {
        const b = s.clone();
        if (before) b.registerHook((g: Tensor) => g.mul(2));
        b.retainGrad();
        b.registerHook((g: Tensor) => g.mul(2));
        b.clone().backward();
        return b.grad;
      }),
  );
  add(
    'hooks before and after a write belong to the tensor before and after it',
    `
      seen = []
      def hook(name):
          def call(g):
              seen.append([name, g])
              return g * 2
          return call
      a = x.clone()
      a.register_hook(hook("before"))
      a.mul_(2)
      a.register_hook(hook("after"))
      a.sum().backward()
      return [seen, x.grad]`,
    ({ x }) => {
      const seen: unknown[] = [];
      const hook = (name: string) => (g: Tensor) => {
        seen.push([name, g]);
        return g.mul(2);
      };
      const a = x.clone();
      a.registerHook(hook('before'));
      a.mul_(2);
      a.registerHook(hook('after'));
      a.sum().backward();
      return [seen, x.grad];
    },
  );
  add(
    'hooks on two results of one operator, one written to',
    `
      seen = []
      var, mean = torch.var_mean(m, dim=1)
      var.register_hook(lambda g: seen.append(["var", g]))
      mean.register_hook(lambda g: seen.append(["mean", g]))
      var.mul_(2)
      var.register_hook(lambda g: seen.append(["after", g]))
      (var + mean * 3).sum().backward()
      return sorted(seen, key=lambda e: e[0])`,
    ({ m }) => {
      const seen: [string, Tensor][] = [];
      const [variance, mean] = torch.varMean(m, 1);
      variance.registerHook((g) => void seen.push(['var', g]));
      mean.registerHook((g) => void seen.push(['mean', g]));
      variance.mul_(2);
      variance.registerHook((g) => void seen.push(['after', g]));
      variance.add(mean.mul(3)).sum().backward();
      return seen.sort(([a], [b]) => (a < b ? -1 : 1));
    },
  );
  add(
    'hooks on views of which one is written to are not called',
    `
      seen = []
      base = x.clone()
      a, c = base[:], base[:]
      a.register_hook(lambda g: seen.append("a"))
      c.register_hook(lambda g: seen.append("c"))
      a.mul_(2)
      c.grad_fn
      c.register_hook(lambda g: seen.append("c, anew"))
      (a + c).sum().backward()
      return [seen, x.grad]`,
    ({ x }) => {
      const seen: string[] = [];
      const base = x.clone();
      const [a, c] = [base.index(':'), base.index(':')];
      a.registerHook(() => void seen.push('a'));
      c.registerHook(() => void seen.push('c'));
      a.mul_(2);
      void c.gradFn;
      c.registerHook(() => void seen.push('c, anew'));
      a.add(c).sum().backward();
      return [seen, x.grad];
    },
  );
  add(
    'hooks over several runs, one removed in between, one that changes the gradient',
    `
      counter = [0]
      def count(by):
          def call(g):
              counter[0] += by
          return call
      z = x ** 2 + x * 2 + x * y + y
      seen = []
      first = z.register_hook(count(1))
      z.backward(ones, retain_graph=True); seen.append(counter[0])
      second = z.register_hook(count(2))
      z.backward(ones, retain_graph=True); seen.append(counter[0])
      second.remove()
      z.backward(ones, retain_graph=True); seen.append(counter[0])
      first.remove()
      z.register_hook(lambda g: g * 2)
      y.grad = None
      z.backward(ones, retain_graph=True); seen.append(y.grad.clone())
      y.register_hook(lambda g: g * 2)
      y.grad = None
      z.backward(ones); seen.append(y.grad)
      return seen`,
    ({ x, y, ones }) => {
      let counter = 0;
      const z = x.pow(2).add(x.mul(2)).add(x.mul(y)).add(y);
      const seen: unknown[] = [];
      const run = (retainGraph = true): void => z.backward(ones, { retainGraph });
      const first = z.registerHook(() => void (counter += 1));
      run();
      seen.push(counter);
      const second = z.registerHook(() => void (counter += 2));
      run();
      seen.push(counter);
      second.remove();
      run();
      seen.push(counter);
      first.remove();
      z.registerHook((g: Tensor) => g.mul(2));
      y.grad = null;
      run();
      seen.push(y.grad.clone());
      y.registerHook((g: Tensor) => g.mul(2));
      y.grad = null;
      run(false);
      seen.push(y.grad);
      return seen;
    },
  );
  add(
    'a hook on the result of a batch norm',
    `
      z = F.batch_norm(m, torch.zeros(3, dtype=x.dtype), torch.ones(3, dtype=x.dtype))
      z.register_hook(lambda g: g * 2)
      z.sum().backward()
      return m.grad`,
    ({ m }) => {
      const [zeros, one] = [torch.zeros(3, { dtype: 'float64' }), torch.ones(3, { dtype: 'float64' })];
      const z = torch.nn.functional.batchNorm(m, zeros, one);
      z.registerHook((g) => g.mul(2));
      z.sum().backward();
      return m.grad;
    },
  );
  add(
    'a hook of a leaf that runs the engine and sets .grad',
    `
      def penalty(g):
          handle.remove()
          old, x.grad = g, None
          with torch.enable_grad():
              a, p = g.detach().requires_grad_(), x.detach().requires_grad_()
              ((a * 2) + p).sum().backward()
          result = a.grad + g
          x.grad = old
          return result
      handle = x.register_hook(penalty)
      (x * x).sum().backward()
      return x.grad`,
    ({ x }) => {
      const handle = x.registerHook((g: Tensor) => {
        handle.remove();
        x.grad = null;
        const a = torch.enableGrad(() => {
          const [a, p] = [g.detach().requiresGrad_(), x.detach().requiresGrad_()];
          a.mul(2).add(p).sum().backward();
          return a;
        });
        const result = (a.grad as Tensor).add(g);
        x.grad = g;
        return result;
      });
      x.mul(x).sum().backward();
      return x.grad;
    },
  );
  add(
    'a hook of a tensor inside the graph that runs the engine',
    `
      def increase(g):
          handle.remove()
          with torch.enable_grad():
              a = g.detach().requires_grad_()
              ((a * 2) + 5).sum().backward()
          return a.grad + g
      h = x * x
      handle = h.register_hook(increase)
      h.sum().backward()
      return x.grad`,
    ({ x }) => {
      const h = x.mul(x);
      const handle = h.registerHook((g: Tensor) => {
        handle.remove();
        const a = torch.enableGrad(() => {
          const a = g.detach().requiresGrad_();
          a.mul(2).add(5).sum().backward();
          return a;
        });
        return (a.grad as Tensor).add(g);
      });
      h.sum().backward();
      return x.grad;
    },
  );
  add(
    'an input that cannot be reached does not run what is in between',
    `
      def fails(g):
          raise AssertionError("ran")
      h = x * 2
      h.register_hook(fails)
      other = torch.ones(3, requires_grad=True)
      first = torch.autograd.grad(h, y, ones, allow_unused=True)
      second = torch.autograd.grad(h + other, (y, other), ones, allow_unused=True)
      torch.autograd.backward(h, ones, inputs=(y,))
      return [first, second, y.grad]`,
    ({ x, y, ones }) => {
      const h = x.mul(2);
      h.registerHook(() => {
        throw new torch.AssertionError('ran');
      });
      const other = torch.ones(3, { requiresGrad: true });
      const allowUnused = { allowUnused: true } as const;
      const first = grad(h, y, ones, allowUnused);
      const second = grad(h.add(other), [y, other], ones, allowUnused);
      torch.autograd.backward(h, ones, { inputs: [y] });
      return [first, second, y.grad];
    },
  );
}
