/** Gradients that belong to tensors from outside of a compiled function: the property `grad`, and histories. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';

jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);

const at = (k: number): Tensor => torch.tensor([k, k]);

describe('grad of a tensor from outside is that of the call', () => {
  test('read from a tensor in a variable: a step of gradient descent', () => {
    const descend = (compile: boolean): unknown => {
      const w = torch.tensor([1, 2]).requiresGrad_();
      const body = (): Tensor => torch.noGrad(() => w.sub_(w.grad!.mul(0.25)));
      const step = compile ? torch.compile(body) : body;
      for (let i = 0; i < 4; i++) {
        w.grad = null;
        w.mul(w).sum().backward();
        torch.noGrad(step);
      }
      return w.detach().toArray();
    };
    // w - 0.25 * 2 w is half of w.
    expect(descend(false)).toEqual([1 / 16, 2 / 16]);
    expect(descend(true)).toEqual([1 / 16, 2 / 16]);
  });

  test('read from an argument', () => {
    const compiled = torch.compile((x: Tensor) => (x.grad === null ? x.mul(2) : x.grad.mul(3)));
    for (const k of [1, 2, 3]) {
      const x = at(k);
      expect(compiled(x).toArray()).toEqual([2 * k, 2 * k]);
      x.grad = at(10 * k);
      expect(compiled(x).toArray()).toEqual([30 * k, 30 * k]);
    }
  });

  test('set', () => {
    const w = at(0);
    const compiled = torch.compile((x: Tensor) => {
      w.grad = x.mul(2);
      x.grad = x.mul(3);
      return x;
    });
    for (const k of [1, 2, 3]) {
      const x = at(k);
      expect(compiled(x)).toBe(x);
      expect([(w.grad as Tensor | null)?.toArray(), x.grad!.toArray()]).toEqual([
        [2 * k, 2 * k],
        [3 * k, 3 * k],
      ]);
    }
  });

  test.each(['reads', 'sets'])('with fullgraph, a function that %s it is refused', (verb) => {
    const f = (x: Tensor): unknown => (verb === 'reads' ? x.grad : (x.grad = null));
    expect(() => torch.compile(f, { fullgraph: true })(at(1))).toThrow(
      `torch.compile: the function ${verb} the property 'grad' of a tensor from outside`,
    );
  });

  test('that of a tensor of the function itself is compiled', () => {
    const f = (x: Tensor): Tensor => {
      const y = x.detach().clone().requiresGrad_();
      y.mul(y).sum().backward();
      const gradient = y.grad!;
      y.grad = null;
      return gradient;
    };
    const compiled = torch.compile(f, { fullgraph: true });
    for (const k of [1, 2, 3]) expect(compiled(at(k)).toArray()).toEqual([2 * k, 2 * k]);
  });
});

describe('a tensor from outside that requires a gradient', () => {
  const w = torch.tensor([1, 2]).requiresGrad_();

  test('is compiled where all its uses are in noGrad', () => {
    let calls = 0;
    const compiled = torch.compile((x: Tensor) => (calls++, torch.noGrad(() => x.mul(w).add(w.sum()))), {
      fullgraph: true,
    });
    for (const k of [1, 2, 3]) {
      const y = compiled(at(k));
      expect([y.toArray(), y.requiresGrad]).toEqual([[k + 3, 2 * k + 3], false]);
    }
    expect(calls).toBe(1);
    const trained = torch.ones(2).requiresGrad_();
    const step = torch.compile((g: Tensor) => torch.noGrad(() => void trained.sub_(g)), { fullgraph: true });
    for (let i = 0; i < 3; i++) step(torch.ones(2));
    expect([trained.detach().toArray(), trained._version]).toEqual([[-2, -2], 3]);
  });

  test('is differentiated where another use of it is not', () => {
    const f = (x: Tensor): Tensor => x.mul(torch.noGrad(() => w.sum())).mul(w);
    expect(() => torch.compile(f, { fullgraph: true })(at(1))).toThrow(/tensor from outside that requires a gradient/);
    const compiled = torch.compile(f);
    for (const k of [1, 2]) {
      w.grad = null;
      compiled(at(k)).sum().backward();
      expect((w.grad as Tensor | null)?.toArray()).toEqual([3 * k, 3 * k]);
    }
  });

  test('since the last call', () => {
    const v = torch.ones(2);
    const compiled = torch.compile((x: Tensor) => x.mul(v));
    for (const required of [false, true, false]) {
      v.requiresGrad_(required);
      expect(compiled(at(2)).requiresGrad).toBe(required);
    }
  });
});

describe('what the recorded call does to an argument is as in later calls', () => {
  test('requiresGrad_()', () => {
    const compiled = torch.compile((x: Tensor) => x.requiresGrad_().mul(2).sum());
    for (let i = 0; i < 3; i++) {
      const x = at(1);
      compiled(x).backward();
      expect([x.requiresGrad, x.isLeaf, x.grad?.toArray()]).toEqual([true, true, [2, 2]]);
    }
  });

  test('requiresGrad_() and backward()', () => {
    const compiled = torch.compile((x: Tensor) => x.requiresGrad_().mul(2).sum().backward());
    for (let i = 0; i < 3; i++) {
      const x = at(1);
      compiled(x);
      expect(x.grad?.toArray()).toEqual([2, 2]);
      x.mul(3).sum().backward();
      expect(x.grad?.toArray()).toEqual([5, 5]);
    }
  });

  test.each(['a tensor', 'a view'])('a product in place with a tensor that requires a gradient: %s', (what) => {
    const w = torch.tensor([3, 4]).requiresGrad_();
    const compiled = torch.compile((x: Tensor) => x.mul_(w).sum());
    for (let i = 0; i < 3; i++) {
      w.grad = null;
      const base = torch.ones(2, 2).mul(5);
      const x = what === 'a view' ? base.select(0, 1) : at(5);
      compiled(x);
      expect([x.requiresGrad, x.isLeaf, base.requiresGrad]).toEqual([true, false, what === 'a view']);
      (what === 'a view' ? base : x).sum().backward();
      expect((w.grad as Tensor | null)?.toArray()).toEqual([5, 5]);
    }
  });

  test('several operators in place on a view', () => {
    const w = torch.tensor([3, 4]).requiresGrad_();
    const compiled = torch.compile((x: Tensor) => x.mul_(w).mul_(w).add_(w));
    for (let i = 0; i < 3; i++) {
      w.grad = null;
      const base = torch.ones(2, 2).mul(5);
      compiled(base.select(0, 1));
      base.sum().backward();
      // The derivative of 5 w² + w.
      expect((w.grad as Tensor | null)?.toArray()).toEqual([31, 41]);
    }
  });
});
