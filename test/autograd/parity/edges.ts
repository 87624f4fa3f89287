/** Places in the graph as outputs and inputs of grad and backward. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import type { Cases } from '../../support/parity/cases';
import { withLeaves } from './engine';

const { backward, grad, graph } = torch.autograd;
const edge = graph.getGradientEdge;
const EDGE = 'edge = torch.autograd.graph.get_gradient_edge\n';

export function edgeCases(cases: Cases): void {
  const leaves = withLeaves(cases);
  const add = (title: string, python: string, run: (inputs: Record<string, Tensor>) => unknown): void => {
    leaves(title, EDGE + python, run);
  };

  cases.group('a place in the graph as an output', () => {
    add('of one element: its gradient is 1', 'return torch.autograd.grad(edge((x * y).sum()), [x, y])', ({ x, y }) =>
      grad(edge(x.mul(y).sum()), [x, y]),
    );
    add(
      'of a shape and a dtype of its own, beside a tensor',
      'z = x.to(torch.float32)\nreturn torch.autograd.grad([edge(z), y.sum()], [x, y], [torch.ones(3), None])',
      ({ x, y }) => grad([edge(x.to('float32')), y.sum()], [x, y], [torch.ones(3), null]),
    );
    add('with a gradient', 'return torch.autograd.grad(edge(x.sin()), x, ones)', ({ x, ones }) =>
      grad(edge(x.sin()), x, ones),
    );
    add(
      'of a tensor that was changed since',
      'z = x * 3\ne = edge(z)\nz.mul_(5)\nreturn torch.autograd.grad(e, x, ones)',
      ({ x, ones }) => {
        const z = x.mul(3);
        const place = edge(z);
        z.mul_(5);
        return grad(place, x, ones);
      },
    );
    add('a leaf', 'return torch.autograd.grad(edge(s), s)', ({ s }) => grad(edge(s), s));
    add(
      'the second of several outputs',
      'return torch.autograd.grad(edge(m.unbind(1)[1]), m, ones[:2])',
      ({ m, ones }) => grad(edge(m.unbind(1)[1]), m, ones.narrow(0, 0, 2)),
    );
    add(
      'batched',
      'return torch.autograd.grad(edge(x.sin()), x, torch.eye(3, dtype=torch.float64), is_grads_batched=True)',
      ({ x }) => grad(edge(x.sin()), x, torch.eye(3, { dtype: 'float64' }), { isGradsBatched: true }),
    );
    add(
      'differentiated again',
      'g, = torch.autograd.grad(edge(x.pow(3).sum()), x, create_graph=True)\nreturn torch.autograd.grad(edge(g.sum()), x)',
      ({ x }) => grad(edge(grad(edge(x.pow(3).sum()), x, { createGraph: true })[0].sum()), x),
    );
    add('of backward', 'torch.autograd.backward(edge((x * y).sum()))\nreturn [x.grad, y.grad]', ({ x, y }) => {
      backward(edge(x.mul(y).sum()));
      return [x.grad, y.grad];
    });
    add(
      'of backward, in a list',
      'torch.autograd.backward([edge(x.sin()), y.sum()], [ones, None])\nreturn [x.grad, y.grad]',
      ({ x, y, ones }) => {
        backward([edge(x.sin()), y.sum()], [ones, null]);
        return [x.grad, y.grad];
      },
    );
    add('of more than one element, without a gradient', 'return torch.autograd.grad(edge(x.sin()), x)', ({ x }) =>
      grad(edge(x.sin()), x),
    );
    add('complex, without a gradient', 'return torch.autograd.grad(edge(torch.complex(s, s)), s)', ({ s }) =>
      grad(edge(torch.complex(s, s)), s),
    );
    add('with a gradient of another shape', 'return torch.autograd.grad(edge(x.sin()), x, ones[:2])', ({ x, ones }) =>
      grad(edge(x.sin()), x, ones.narrow(0, 0, 2)),
    );
    add(
      'with a complex gradient',
      'return torch.autograd.grad(edge(x.sin()), x, torch.complex(ones, ones))',
      ({ x, ones }) => grad(edge(x.sin()), x, torch.complex(ones, ones)),
    );
  });

  cases.group('a place in the graph as an input', () => {
    add(
      'of grad, beside a tensor',
      'z = x * y\nreturn torch.autograd.grad(z.sin().sum(), [edge(z), x, edge(y)])',
      ({ x, y }) => {
        const z = x.mul(y);
        return grad(z.sin().sum(), [edge(z), x, edge(y)]);
      },
    );
    add('unused', 'return torch.autograd.grad(x.sum(), [x, edge(y)], allow_unused=True)', ({ x, y }) =>
      grad(x.sum(), [x, edge(y)], { allowUnused: true }),
    );
    add('unused, which is an error', 'return torch.autograd.grad(x.sum(), [x, edge(y)])', ({ x, y }) =>
      grad(x.sum(), [x, edge(y)]),
    );
    add(
      'between two places',
      'z = x * 3\nw = z.sin()\nreturn torch.autograd.grad(edge(w), edge(z), ones)',
      ({ x, ones }) => {
        const z = x.mul(3);
        return grad(edge(z.sin()), edge(z), ones);
      },
    );
    add(
      'of backward: only this leaf has a gradient',
      '(x * y).sum().backward(inputs=edge(x))\nreturn [x.grad, y.grad]',
      ({ x, y }) => {
        x.mul(y)
          .sum()
          .backward({ inputs: edge(x) });
        return [x.grad, y.grad];
      },
    );
    add(
      'of backward, in a list beside a tensor',
      'torch.autograd.backward((x * y * s).sum(), inputs=[edge(x), y])\nreturn [x.grad, y.grad, s.grad]',
      ({ x, y, s }) => {
        backward(x.mul(y).mul(s).sum(), { inputs: [edge(x), y] });
        return [x.grad, y.grad, s.grad];
      },
    );
    add(
      'of backward, where no leaf is: nothing has a gradient',
      'z = x * y\nz.sin().sum().backward(inputs=edge(z))\nreturn [x.grad, y.grad]',
      ({ x, y }) => {
        const z = x.mul(y);
        z.sin()
          .sum()
          .backward({ inputs: edge(z) });
        return [x.grad, y.grad];
      },
    );
  });
}
