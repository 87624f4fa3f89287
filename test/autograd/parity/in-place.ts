/** Writing in place, views, leaves and hooks as PyTorch's TestAutograd tries them. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import type { Cases } from '../../support/parity/cases';
import { withLeaves } from './engine';

const { grad } = torch.autograd;
const { noGrad } = torch;

type Add = ReturnType<typeof withLeaves>;

// What a call gives, or the word for a RuntimeError, which is what PyTorch raises in all these cases.
function outcome(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    if (error instanceof torch.RuntimeError) return 'refused';
    throw error;
  }
  return 'fine';
}

const OUTCOME = `
def outcome(call):
    try:
        call()
    except RuntimeError:
        return "refused"
    return "fine"
`;

/** Python that may call \`outcome\`. */
const trying = (body: string): string => {
  const lines = body.replace(/^\n/, '').trimEnd().split('\n');
  const indent = lines[0].search(/\S/);
  return `${OUTCOME.trim()}\n${lines.map((line) => line.slice(indent)).join('\n')}`;
};

function saved(add: Add): void {
  add(
    'what was saved before a write cannot be differentiated, what was not can',
    trying(`
      z = x * y
      q, w = z + y, z * y
      z.add_(2)
      first = [outcome(lambda: q.backward(ones, retain_graph=True)), outcome(lambda: w.backward(ones))]
      z = x * y
      q, r = z * y, z + y
      w = z.add_(y)
      return [first, outcome(lambda: w.backward(ones, retain_graph=True)),
              outcome(lambda: r.backward(ones, retain_graph=True)), outcome(lambda: q.backward(ones))]`),
    ({ x, y, ones }) => {
      let z = x.mul(y);
      const [q1, w1] = [z.add(y), z.mul(y)];
      z.add_(2);
      const first = [outcome(() => q1.backward(ones, { retainGraph: true })), outcome(() => w1.backward(ones))];
      z = x.mul(y);
      const [q, r] = [z.mul(y), z.add(y)];
      const w = z.add_(y);
      return [
        first,
        outcome(() => w.backward(ones, { retainGraph: true })),
        outcome(() => r.backward(ones, { retainGraph: true })),
        outcome(() => q.backward(ones)),
      ];
    },
  );
  add(
    'a result that the operator itself saved is written by it',
    `
      z = x / 2 + y / 8
      r = z + y
      version = z._version
      w = z.exp_()
      r.backward(ones, retain_graph=True)
      first = x.grad.clone()
      w.backward(ones)
      return [first, x.grad, z._version - version]`,
    ({ x, y, ones }) => {
      const z = x.div(2).add(y.div(8));
      const r = z.add(y);
      const version = z._version;
      const w = z.exp_();
      r.backward(ones, { retainGraph: true });
      const first = x.grad.clone();
      w.backward(ones);
      return [first, x.grad, z._version - version];
    },
  );
  add(
    'a copy of a leaf is written to and used on',
    trying(`
      c = x.clone()
      c.add_(10)
      d = c + 2
      d.backward(ones)
      z = c * d
      c.add_(2)
      return [c, x.grad, outcome(lambda: z.backward(ones))]`),
    ({ x, ones }) => {
      const c = x.clone();
      c.add_(10);
      const d = c.add(2);
      d.backward(ones);
      const z = c.mul(d);
      c.add_(2);
      return [c, x.grad, outcome(() => z.backward(ones))];
    },
  );
  add(
    'noGrad writes count as versions',
    trying(`
      z = (x * y).sum()
      with torch.no_grad():
          x *= 2
      return [x._version, outcome(lambda: z.backward())]`),
    ({ x, y }) => {
      const z = x.mul(y).sum();
      noGrad(() => x.mul_(2));
      return [x._version, outcome(() => z.backward())];
    },
  );
  add(
    'writing to a detached tensor is noticed',
    trying(`
      z = s ** 2
      s.detach().zero_()
      return [s.detach(), outcome(lambda: z.backward())]`),
    ({ s }) => {
      const z = s.pow(2);
      s.detach().zero_();
      return [s.detach(), outcome(() => z.backward())];
    },
  );
  add(
    'a buffer that is detached and filled again needs no saving',
    `
      buffer = torch.empty(1, dtype=x.dtype)
      loss = 0
      mu = x[:1]
      for i in range(3):
          buffer.detach_()
          buffer.copy_(mu + i)
          loss = loss + (buffer * torch.tensor([float(i)])).sum()
      loss.backward()
      return x.grad`,
    ({ x }) => {
      const buffer = torch.empty(1, { dtype: 'float64' });
      const mu = x.narrow(0, 0, 1);
      let loss = torch.tensor(0);
      for (let i = 0; i < 3; i++) {
        buffer.detach_();
        buffer.copy_(mu.add(i));
        loss = loss.add(buffer.mul(torch.tensor([i])).sum());
      }
      loss.backward();
      return x.grad;
    },
  );
  add(
    'reading by a mask does not save what is written',
    't = y + 0; t[x > 0] = t[x > 0]; t.backward(torch.zeros_like(t)); return y.grad',
    ({ x, y }) => {
      const t = y.add(0);
      t.indexPut_([x.gt(0)], t.index(x.gt(0)));
      t.backward(torch.zerosLike(t));
      return y.grad;
    },
  );
}

function leaves(add: Add): void {
  add(
    'requiresGrad_ on leaves and others',
    trying(`
      p = torch.ones(2)
      z = p.requires_grad_() * 2
      return [p.requires_grad, z.requires_grad_() is z, z.requires_grad, outcome(lambda: z.requires_grad_(False)),
              p.requires_grad_(False).requires_grad, x.requires_grad_(True).requires_grad]`),
    ({ x }) => {
      const p = torch.ones(2);
      const z = p.requiresGrad_().mul(2);
      return [
        p.requiresGrad,
        z.requiresGrad_() === z,
        z.requiresGrad,
        outcome(() => z.requiresGrad_(false)),
        p.requiresGrad_(false).requiresGrad,
        x.requiresGrad_(true).requiresGrad,
      ];
    },
  );
  add(
    'what needs a gradient makes what it is added to need one',
    `
      a = torch.zeros(3, dtype=x.dtype); a += x
      c = torch.zeros(3, dtype=x.dtype) + 0; c += x
      plain = ones + ones
      return [a.requires_grad, c.requires_grad, plain.requires_grad, (plain + x).requires_grad]`,
    ({ x, ones }) => {
      const a = torch.zeros(3, { dtype: 'float64' }).add_(x);
      const c = torch.zeros(3, { dtype: 'float64' }).add(0).add_(x);
      const plain = ones.add(ones);
      return [a.requiresGrad, c.requiresGrad, plain.requiresGrad, plain.add(x).requiresGrad];
    },
  );
  add(
    'writes before and after a tensor becomes a leaf with a gradient',
    trying(`
      a = torch.ones(2, 3)
      a.add_(5)
      a[:].add_(5)
      view = a[:]
      a.requires_grad = True
      a.sum().backward()
      return [a.grad, outcome(lambda: a.add_(5)), outcome(lambda: view.add_(5))]`),
    () => {
      const a = torch.ones(2, 3);
      a.add_(5);
      a.index(':').add_(5);
      const view = a.index(':');
      a.requiresGrad = true;
      a.sum().backward();
      return [a.grad, outcome(() => a.add_(5)), outcome(() => view.add_(5))];
    },
  );
  add(
    'rows of a plain tensor become parts of the graph',
    'r = torch.zeros(2, 3, dtype=x.dtype); r[0] = x; r[1] = 2 * y; r.sum().backward(); return [r.requires_grad, x.grad, y.grad]',
    ({ x, y }) => {
      const r = torch.zeros(2, 3, { dtype: 'float64' });
      r.indexPut_([0], x);
      r.indexPut_([1], y.mul(2));
      r.sum().backward();
      return [r.requiresGrad, x.grad, y.grad];
    },
  );
  add(
    'a write under noGrad leaves a leaf a leaf',
    `
      with torch.no_grad():
          m[0] = y
      return [m.detach(), m.requires_grad, m.is_leaf]`,
    ({ m, y }) => {
      noGrad(() => m.indexPut_([0], y));
      return [m.detach(), m.requiresGrad, m.isLeaf];
    },
  );
  add(
    'detach cuts the graph, in place too, but not that of a view',
    trying(`
      d = (x + 2).detach()
      a = x * 2
      (y + a).sum().backward(retain_graph=True)
      a.detach_()
      (y + a).sum().backward()
      view = x.narrow(0, 1, 2)
      return [d.requires_grad, (d * 4).requires_grad, a.requires_grad, x.grad, y.grad, outcome(lambda: view.detach_())]`),
    ({ x, y }) => {
      const d = x.add(2).detach();
      const a = x.mul(2);
      y.add(a).sum().backward({ retainGraph: true });
      a.detach_();
      y.add(a).sum().backward();
      const view = x.narrow(0, 1, 2);
      return [d.requiresGrad, d.mul(4).requiresGrad, a.requiresGrad, x.grad, y.grad, outcome(() => view.detach_())];
    },
  );
  add(
    'detaching a base leaves its view in the graph',
    'view = x.narrow(0, 1, 2); x.detach_(); return [x.requires_grad, view.requires_grad, view.grad_fn is not None]',
    ({ x }) => {
      const view = x.narrow(0, 1, 2);
      x.detach_();
      return [x.requiresGrad, view.requiresGrad, view.gradFn !== null];
    },
  );
  add(
    'views share the count of versions',
    `
      a = torch.ones(1, 2)
      seen = [a._version]
      a.add_(1).add_(1)
      v = a[:]
      seen += [a._version, v._version]
      v.add_(1)
      return [b - seen[0] for b in seen + [a._version, v._version]]`,
    () => {
      const a = torch.ones(1, 2);
      const seen = [a._version];
      a.add_(1).add_(1);
      const v = a.index(':');
      seen.push(a._version, v._version);
      v.add_(1);
      // A factory's result starts at 1 here, at 0 in PyTorch: what counts is the difference.
      return [...seen, a._version, v._version].map((version) => version - seen[0]);
    },
  );
  add(
    'out= refuses what needs a gradient, unless nothing is recorded',
    trying(`
      out = torch.zeros_like(ones)
      first = [outcome(lambda: torch.mul(x, y, out=out)), outcome(lambda: torch.mul(ones, ones, out=x))]
      with torch.no_grad():
          torch.mul(x, y, out=out)
      return [first, out]`),
    ({ x, y, ones }) => {
      const out = torch.zerosLike(ones);
      const first = [outcome(() => torch.mul(x, y, { out })), outcome(() => torch.mul(ones, ones, { out: x }))];
      noGrad(() => torch.mul(x, y, { out }));
      return [first, out];
    },
  );
  for (const [gradMode, text] of [
    [true, 'with'],
    [false, 'without'],
  ] as const) {
    for (const requiresGrad of [true, false]) {
      add(
        `views made ${text} recording of a tensor that ${requiresGrad ? 'needs a' : 'needs no'} gradient`,
        trying(`
          results = []
          for make in (lambda t: [t.view_as(t)], lambda t: list(t.unbind())):
              t = torch.rand(2, requires_grad=${requiresGrad ? 'True' : 'False'}).clone()
              with torch.set_grad_enabled(${gradMode ? 'True' : 'False'}):
                  views = make(t)
              results += [[v._is_view(), outcome(lambda: v.add_(1))] for v in views]
          return results`),
        () =>
          [(t: Tensor) => [t.viewAs(t)], (t: Tensor) => t.unbind()].flatMap((make) => {
            const t = torch.rand(2, { requiresGrad }).clone();
            const views = torch.setGradEnabled(gradMode, () => make(t));
            return views.map((v) => [v.isView, outcome(() => v.add_(1))]);
          }),
      );
    }
  }
  add(
    'a leaf and a view of it cannot be written to',
    trying(
      `return [outcome(lambda: x.add_(1)), outcome(lambda: x.view(3, 1).add_(1)), outcome(lambda: x[0].fill_(2))]`,
    ),
    ({ x }) => [outcome(() => x.add_(1)), outcome(() => x.view(3, 1).add_(1)), outcome(() => x.select(0, 0).fill_(2))],
  );
}

function rewritten(add: Add): void {
  add(
    'an in-place activation on a view, differentiated twice',
    `
      t1 = (m + 1).view_as(m)
      p = torch.sigmoid(F.threshold(t1, 0., 0., True))
      g, = torch.autograd.grad(p, m, torch.ones_like(p), create_graph=True)
      return [g, torch.autograd.grad(g.sum(), m)]`,
    ({ m }: { m: Tensor }) => {
      const t1 = m.add(1).viewAs(m);
      const p = torch.sigmoid(torch.nn.functional.threshold(t1, 0, 0, true));
      const [g] = grad(p, m, torch.onesLike(p), { createGraph: true });
      return [g, grad(g.sum(), m)];
    },
  );
  add(
    'a view of a copy keeps its place in the graph when it is forgotten',
    `
      v = x.narrow(0, 0, 2).clone().view(-1)
      v.relu_()
      c = v.clone()
      del v
      c.sum().backward()
      return x.grad`,
    ({ x }) => {
      const c = torch.scope(() => {
        const v = x.narrow(0, 0, 2).clone().view(-1);
        v.relu_();
        return v.clone();
      });
      c.sum().backward();
      return x.grad;
    },
  );
  add(
    'a saved result that is written to afterwards',
    trying(`
      a = (x * 1).narrow(0, 0, 3)
      c = a.relu_().add_(100)
      return outcome(lambda: c.sum().backward())`),
    ({ x }) => {
      const a = x.mul(1).narrow(0, 0, 3);
      const c = a.relu_().add_(100);
      return outcome(() => c.sum().backward());
    },
  );
  add(
    'the graph of a view is looked at for the first time under noGrad',
    `
      a = torch.tensor([1 + 1j], requires_grad=True).clone()
      v = a.real
      a.add_(1)
      with torch.no_grad():
          return v.grad_fn is not None`,
    () => {
      const a = torch.tensor([new torch.Complex(1, 1)], { requiresGrad: true }).clone();
      const v = a.real;
      a.add_(1);
      return noGrad(() => v.gradFn !== null);
    },
  );
}

export function inPlaceBehaviours(cases: Cases): void {
  const add = withLeaves(cases);
  for (const define of [saved, leaves, rewritten]) define(add);
}
