/** Hooks on nodes of the graph and after accumulation, as PyTorch's TestAutograd tries them. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import type { Cases } from '../../support/parity/cases';
import { withLeaves } from './engine';

const { grad } = torch.autograd;
type Add = ReturnType<typeof withLeaves>;

function nodes(add: Add): void {
  add(
    'the neighbours of a node',
    `
      a = x + y
      b = a + 5
      return [[f[0].name() for f in a.grad_fn.next_functions], b.grad_fn.next_functions[0][0] is a.grad_fn,
              len(b.grad_fn.next_functions), b.grad_fn.next_functions[0][1]]`,
    ({ x, y }) => {
      const a = x.add(y);
      const b = a.add(5);
      const next = b.gradFn.nextFunctions;
      return [
        a.gradFn.nextFunctions.map(([node]: [{ name(): string }]) => node.name()),
        // A node is another object at each reading.
        next[0][0].equals(a.gradFn),
        next.length,
        next[0][1],
      ];
    },
  );
  add(
    'prehooks and posthooks of a node: how often, and what they pass on',
    `
      seen = []
      b = x * 2
      b.grad_fn.register_hook(lambda gi, go: seen.append(["post", gi[0], go[0]]))
      for _ in range(3):
          b.grad_fn.register_prehook(lambda go: (go[0] * 2,))
      b.grad_fn.register_prehook(lambda go: None)
      b.sum().backward()
      return [seen, x.grad]`,
    ({ x }) => {
      const seen: unknown[] = [];
      const b = x.mul(2);
      b.gradFn.registerHook((gi: Tensor[], go: Tensor[]) => void seen.push(['post', gi[0], go[0]]));
      for (let i = 0; i < 3; i++) b.gradFn.registerPrehook((go: Tensor[]) => [go[0].mul(2)]);
      b.gradFn.registerPrehook(() => undefined);
      b.sum().backward();
      return [seen, x.grad];
    },
  );
  add(
    'a prehook of a node with two outputs',
    `
      var, mean = torch.var_mean(m, dim=0)
      mean.grad_fn.register_prehook(lambda g: (g[0] * 2, g[1] * 3))
      (var + 5 * mean).sum().backward()
      return m.grad`,
    ({ m }) => {
      const [variance, mean] = torch.varMean(m, 0);
      mean.gradFn!.registerPrehook((g) => [(g[0] as Tensor).mul(2), (g[1] as Tensor).mul(3)]);
      variance.add(mean.mul(5)).sum().backward();
      return m.grad;
    },
  );
  add(
    'prehooks that are removed, before the run and by one of them during it',
    `
      calls = []
      def first(g):
          second.remove()
          third.remove()
      b = x * 2
      gone = b.grad_fn.register_prehook(lambda g: calls.append("gone"))
      gone.remove()
      b.grad_fn.register_prehook(first)
      second = b.grad_fn.register_prehook(lambda g: calls.append("second"))
      third = b.grad_fn.register_prehook(lambda g: calls.append("third"))
      third.remove()
      b.sum().backward(retain_graph=True)
      once = len(calls)
      b.sum().backward()
      return [once, len(calls) == once, x.grad]`,
    ({ x }) => {
      const calls: string[] = [];
      const b = x.mul(2);
      const count = (name: string) => (): void => void calls.push(name);
      b.gradFn.registerPrehook(count('gone')).remove();
      b.gradFn.registerPrehook(() => {
        second.remove();
        third.remove();
      });
      const second = b.gradFn.registerPrehook(count('second'));
      const third = b.gradFn.registerPrehook(count('third'));
      third.remove();
      b.sum().backward({ retainGraph: true });
      const once = calls.length;
      b.sum().backward();
      return [once, calls.length === once, x.grad];
    },
  );
  add(
    'hooks of a tensor come before those of its node, in every way to run the engine',
    `
      log = []
      def hook1(g): log.append(1); return g * 3
      def hook2(gs): log.append(2); return tuple(g * 2 for g in gs)
      b = s.clone()
      b.grad_fn.register_prehook(hook2)
      b.register_hook(hook1)
      b.grad_fn.register_prehook(hook2)
      acc = b.grad_fn.next_functions[0][0]
      s.register_hook(hook1)
      acc.register_prehook(hook2)
      s.register_hook(hook1)
      b.sum().backward(retain_graph=True)
      log.append(0)
      torch.autograd.grad(b.sum(), inputs=(s,), retain_graph=True)
      log.append(0)
      b.sum().backward(inputs=(b,))
      return [log, b.grad, s.grad]`,
    ({ s }) => {
      const log: number[] = [];
      const hook1 = (g: Tensor): Tensor => (log.push(1), g.mul(3));
      const hook2 = (gs: Tensor[]): Tensor[] => (log.push(2), gs.map((g) => g.mul(2)));
      const b = s.clone();
      b.gradFn.registerPrehook(hook2);
      b.registerHook(hook1);
      b.gradFn.registerPrehook(hook2);
      const acc = b.gradFn.nextFunctions[0][0];
      s.registerHook(hook1);
      acc.registerPrehook(hook2);
      s.registerHook(hook1);
      b.sum().backward({ retainGraph: true });
      log.push(0);
      grad(b.sum(), [s], { retainGraph: true });
      log.push(0);
      b.sum().backward({ inputs: [b] });
      return [log, b.grad, s.grad];
    },
  );
  add(
    'which hooks run for which inputs',
    `
      counts = {"tensor": 0, "pre": 0, "post": 0}
      def count(name):
          def call(*args):
              counts[name] += 1
          return call
      b = s * 2
      c = b * 2
      s.register_hook(count("tensor")); b.register_hook(count("tensor"))
      acc = b.grad_fn.next_functions[0][0]
      acc.register_hook(count("post")); acc.register_prehook(count("pre"))
      b.grad_fn.register_hook(count("post")); b.grad_fn.register_prehook(count("pre"))
      seen = []
      for run in (lambda: torch.autograd.grad(c, inputs=(b,), retain_graph=True),
                  lambda: torch.autograd.grad(c, inputs=(s, b), retain_graph=True),
                  lambda: c.backward(retain_graph=True),
                  lambda: c.backward(inputs=(s, b), retain_graph=True)):
          run()
          seen.append(dict(counts))
      return seen`,
    ({ s }) => {
      const counts = { tensor: 0, pre: 0, post: 0 };
      const count = (name: keyof typeof counts) => (): void => void counts[name]++;
      const b = s.mul(2);
      const c = b.mul(2);
      s.registerHook(count('tensor'));
      b.registerHook(count('tensor'));
      const acc = b.gradFn.nextFunctions[0][0];
      acc.registerHook(count('post'));
      acc.registerPrehook(count('pre'));
      b.gradFn.registerHook(count('post'));
      b.gradFn.registerPrehook(count('pre'));
      const keep = { retainGraph: true };
      return [
        () => grad(c, [b], keep),
        () => grad(c, [s, b], keep),
        () => c.backward(keep),
        () => c.backward({ inputs: [s, b], ...keep }),
      ].map((run) => {
        run();
        return { ...counts };
      });
    },
  );
  add(
    'hooks of the node that accumulates see what hooks of the leaf return',
    `
      seen = []
      b = s.clone()
      acc = b.grad_fn.next_functions[0][0]
      acc.register_hook(lambda gi, go: seen.append([len(gi), go[0]]))
      acc.register_prehook(lambda g: seen.append([len(g), g[0]]))
      s.register_hook(lambda g: g * 2)
      b.backward()
      return [seen, s.grad]`,
    ({ s }) => {
      const seen: unknown[] = [];
      const b = s.clone();
      const acc = b.gradFn.nextFunctions[0][0];
      acc.registerHook((gi: unknown[], go: Tensor[]) => void seen.push([gi.length, go[0]]));
      acc.registerPrehook((g: Tensor[]) => void seen.push([g.length, g[0]]));
      s.registerHook((g: Tensor) => g.mul(2));
      b.backward();
      return [seen, s.grad];
    },
  );
  add(
    'hooks of leaves that are not asked for do not run',
    `
      def fails(*args): raise AssertionError("ran")
      x.register_hook(fails)
      c = x.clone()
      c.grad_fn.next_functions[0][0].register_hook(fails)
      (x + y + c).sum().backward(inputs=[y])
      return [x.grad, y.grad]`,
    ({ x, y }) => {
      const fails = (): never => {
        throw new torch.AssertionError('ran');
      };
      x.registerHook(fails);
      const c = x.clone();
      c.gradFn.nextFunctions[0][0].registerHook(fails);
      x.add(y)
        .add(c)
        .sum()
        .backward({ inputs: [y] });
      return [x.grad, y.grad];
    },
  );
}

function afterAccumulation(add: Add): void {
  add('of a tensor that is no leaf', 'return (2.0 * x).register_post_accumulate_grad_hook(lambda t: None)', ({ x }) =>
    x.mul(2).registerPostAccumulateGradHook(() => undefined),
  );
  add(
    'two of one leaf, in order',
    `
      def one(t):
          with torch.no_grad(): t.sub_(t.grad)
      def two(t):
          with torch.no_grad(): t.mul_(4.0)
      x.register_post_accumulate_grad_hook(one)
      x.register_post_accumulate_grad_hook(two)
      x.sum().backward()
      return x`,
    ({ x }) => {
      x.registerPostAccumulateGradHook((t: Tensor) => void torch.noGrad(() => t.sub_(t.grad as Tensor)));
      x.registerPostAccumulateGradHook((t: Tensor) => void torch.noGrad(() => t.mul_(4)));
      x.sum().backward();
      return x;
    },
  );
  add(
    'one function for two leaves',
    `
      def hook(t):
          with torch.no_grad(): t.sub_(t.grad)
      x.register_post_accumulate_grad_hook(hook)
      m.register_post_accumulate_grad_hook(hook)
      x.sum().backward()
      (m * 2).sum().backward()
      return [x, m]`,
    ({ x, m }) => {
      const hook = (t: Tensor): void => void torch.noGrad(() => t.sub_(t.grad as Tensor));
      x.registerPostAccumulateGradHook(hook);
      m.registerPostAccumulateGradHook(hook);
      x.sum().backward();
      m.mul(2).sum().backward();
      return [x, m];
    },
  );
  add(
    'one that returns something',
    'x.register_post_accumulate_grad_hook(lambda t: t.grad); return x.sum().backward()',
    ({ x }) => {
      x.registerPostAccumulateGradHook((t: Tensor) => t.grad as never);
      x.sum().backward();
    },
  );
  add(
    'its place among the other hooks',
    `
      log = []
      acc = x.view_as(x).grad_fn.next_functions[0][0]
      x.register_hook(lambda g: log.append("tensor") or g.sub(2.0))
      acc.register_prehook(lambda g: log.append("pre") or (g[0].div(5.0),))
      def after(t):
          log.append("accumulated")
          t.grad.add_(0.5)
      x.register_post_accumulate_grad_hook(after)
      acc.register_hook(lambda gi, go: log.append("post"))
      x.sum().backward()
      return [log, x.grad]`,
    ({ x }) => {
      const log: string[] = [];
      const acc = x.viewAs(x).gradFn.nextFunctions[0][0];
      x.registerHook((g: Tensor) => (log.push('tensor'), g.sub(2)));
      acc.registerPrehook((g: Tensor[]) => (log.push('pre'), [g[0].div(5)]));
      x.registerPostAccumulateGradHook((t: Tensor) => {
        log.push('accumulated');
        (t.grad as Tensor).add_(0.5);
      });
      acc.registerHook(() => void log.push('post'));
      x.sum().backward();
      return [log, x.grad];
    },
  );
  add(
    'a step of descent for each leaf, until it is removed',
    `
      def step(t):
          with torch.no_grad(): t.sub_(0.1 * t.grad)
          t.grad = None
      handles = [t.register_post_accumulate_grad_hook(step) for t in (x, y)]
      for _ in range(3):
          ((x * y).sum() ** 2).backward()
      for h in handles:
          h.remove()
      ((x * y).sum() ** 2).backward()
      return [x, y, x.grad]`,
    ({ x, y }) => {
      const step = (t: Tensor): void => {
        torch.noGrad(() => t.sub_((t.grad as Tensor).mul(0.1)));
        t.grad = null;
      };
      const handles = [x, y].map((t) => t.registerPostAccumulateGradHook(step));
      const run = (): void => x.mul(y).sum().pow(2).backward();
      for (let i = 0; i < 3; i++) run();
      for (const handle of handles) handle.remove();
      run();
      return [x, y, x.grad];
    },
  );
}

export function nodeBehaviours(cases: Cases): void {
  const add = withLeaves(cases);
  cases.group('of nodes', () => nodes(add));
  cases.group('after accumulation', () => afterAccumulation(add));
}
