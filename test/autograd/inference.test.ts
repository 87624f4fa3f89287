/** Inference tensors among normal ones: the behaviours of PyTorch's TestAutogradInferenceMode. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectError } from '../support/errors';

const { RuntimeError } = torch;
const SAVED = /^Inference tensors cannot be saved for backward\./;
const IN_PLACE = /^Inplace update to inference tensor outside InferenceMode is not allowed\./;
const leaf = (requiresGrad = true): Tensor => torch.ones(1, 2, 3, { requiresGrad });
const inference = (): Tensor => torch.inferenceMode(() => torch.ones(1, 2, 3));
const facts = (t: Tensor) => ({ inference: t.isInference(), requiresGrad: t.requiresGrad, isLeaf: t.isLeaf });

describe.each([true, false])('tensors with requiresGrad %s', (requiresGrad) => {
  test('made in inference mode are inference tensors', () => {
    const c = torch.inferenceMode(() => leaf(requiresGrad));
    expect(facts(c)).toEqual({ inference: true, requiresGrad, isLeaf: true });
  });

  test('functional operators in inference mode', () => {
    const c = torch.inferenceMode(() => leaf(requiresGrad).add(1));
    expect(facts(c)).toEqual({ inference: true, requiresGrad: false, isLeaf: true });
    const d = torch.inferenceMode(() => leaf(requiresGrad).add(inference()));
    expect(facts(d)).toEqual({ inference: true, requiresGrad: false, isLeaf: true });
    const s = leaf(requiresGrad);
    expect(torch.inferenceMode(() => s.mul(s)).requiresGrad).toBe(false);
  });

  test('in-place operators on inference tensors in inference mode', () => {
    torch.inferenceMode(() => {
      const c = leaf(requiresGrad);
      expect(facts(c.mul_(2))).toEqual({ inference: true, requiresGrad, isLeaf: true });
      expectError(() => c._version, RuntimeError, 'Inference tensors do not track version counter.');
    });
  });

  test('views of inference tensors, in either mode', () => {
    const [c, view] = torch.inferenceMode(() => {
      const t = leaf(requiresGrad);
      return [t, t.view([-1])];
    });
    expect(facts(view)).toEqual({ inference: true, requiresGrad: false, isLeaf: true });
    const outside = c.view([-1]);
    expect([outside.isInference(), outside.requiresGrad]).toEqual([true, false]);
  });

  test('functional operators on inference tensors in normal mode', () => {
    const c = torch.inferenceMode(() => leaf(requiresGrad));
    const d = c.add(1);
    expect([d.isInference(), d.requiresGrad]).toEqual([false, requiresGrad]);
  });

  test('in-place operators on normal tensors in inference mode', () => {
    const s = leaf(requiresGrad);
    const a = s.clone();
    torch.inferenceMode(() => a.add_(2));
    expect([a.isInference(), a.requiresGrad, a.isLeaf]).toEqual([false, requiresGrad, !requiresGrad]);
    expect(a.toArray()).toEqual(torch.full([1, 2, 3], 3).toArray());
    // The version was counted: what had saved the tensor notices.
    if (requiresGrad) {
      const b = s.clone();
      const y = b.mul(b).sum();
      torch.inferenceMode(() => b.add_(2));
      expectError(() => torch.autograd.grad(y, s), RuntimeError, /modified by an inplace operation/);
    }
  });

  test('views of normal tensors made in inference mode', () => {
    const s = leaf(requiresGrad);
    const a = s.clone();
    const view = torch.inferenceMode(() => a.view([-1]));
    expect([view.isInference(), view.requiresGrad, view.isView]).toEqual([false, requiresGrad, true]);
    const write = (): Tensor => view.mul_(2);
    if (requiresGrad) {
      expectError(
        write,
        RuntimeError,
        /A view was created in inference mode and is being modified inplace in normal mode/,
      );
    } else {
      expect(write().toArray()).toEqual([2, 2, 2, 2, 2, 2]);
    }
    // Functional operators on it are those on any view.
    expect(view.mul(3).requiresGrad).toBe(requiresGrad);
  });

  test('views of views, changed in inference mode and read outside', () => {
    const a = leaf(requiresGrad).clone();
    const view = a.view([2, 3]);
    torch.inferenceMode(() => {
      view.add_(1);
    });
    expect(a.toArray()).toEqual([
      [
        [2, 2, 2],
        [2, 2, 2],
      ],
    ]);
    expect(view.view([-1]).requiresGrad).toBe(requiresGrad);
  });
});

test('in-place operators on inference tensors in normal mode are refused', () => {
  expectError(() => inference().mul_(2), RuntimeError, IN_PLACE);
  expectError(() => torch.add(leaf(), leaf(), { out: inference() }), RuntimeError, /./);
});

describe('inference and normal tensors together in normal mode', () => {
  test('operators that save nothing', () => {
    const s = leaf();
    expect(inference().add(s).requiresGrad).toBe(true);
    expect(torch.autograd.grad(inference().add(s).sum(), s)[0].toArray()).toEqual(torch.ones(1, 2, 3).toArray());
  });

  test('operators that save the inference tensor are refused, those that save the other are not', () => {
    const s = leaf();
    expectError(() => inference().mul(s), RuntimeError, SAVED);
    // The derivative of this product needs the normal tensor alone.
    expect(torch.inferenceMode(() => torch.ones(1)).mul(torch.ones(1)).requiresGrad).toBe(false);
  });

  test('in place: a normal tensor takes an inference one where nothing is saved', () => {
    const a = leaf().clone();
    a.add_(inference());
    expect(a.requiresGrad).toBe(true);
    expectError(() => leaf().clone().mul_(inference()), RuntimeError, SAVED);
    expectError(() => inference().mul_(leaf(false)), RuntimeError, IN_PLACE);
  });

  test('a view as the other has the shape of it', () => {
    expect(inference().viewAs(leaf()).isInference()).toBe(true);
    expect(leaf().viewAs(inference()).requiresGrad).toBe(true);
  });

  test('a clone is a normal tensor', () => {
    const c = inference().clone();
    expect(c.isInference()).toBe(false);
    expect(torch.autograd.grad(c.requiresGrad_().pow(2).sum(), c)[0].toArray()).toEqual(
      torch.full([1, 2, 3], 2).toArray(),
    );
  });
});

test('the engine runs in inference mode on a graph made before', () => {
  const s = leaf();
  const y = s.pow(2).sum();
  const [g] = torch.inferenceMode(() => torch.autograd.grad(y, s));
  expect(g.toArray()).toEqual(torch.full([1, 2, 3], 2).toArray());
});

const writes: [string, (t: Tensor) => unknown][] = [
  ['add_', (t) => t.add_(2)],
  ['transpose_', (t) => t.transpose_(0, 1)],
];

describe.each([true, false])('writes in place, requiresGrad %s', (requiresGrad) => {
  test.each([
    ...writes,
    ['resize_', (t: Tensor) => t.resize_([1, 2])] as const,
    ['resizeAs_', (t: Tensor) => t.resizeAs_(torch.ones(1, 2))] as const,
    ['copy_', (t: Tensor) => t.copy_(torch.ones(1, 2, 3))] as const,
  ])('%s in inference mode leaves an inference tensor one', (_, write) => {
    torch.inferenceMode(() => {
      const c = leaf(requiresGrad);
      write(c);
      expect([c.isInference(), c.requiresGrad]).toEqual([true, requiresGrad]);
    });
  });

  test.each(writes)('%s on a normal tensor, in either mode and again', (_, write) => {
    const a = leaf(requiresGrad).clone();
    const check = (t: Tensor): void => {
      expect([t.isInference(), t.requiresGrad]).toEqual([false, requiresGrad]);
    };
    torch.inferenceMode(() => {
      write(a);
      check(a);
      write(a);
      check(a);
      check(a.view([-1]));
    });
    write(a);
    check(a);
    write(a);
    check(a);
    check(a.reshape([-1]));
  });

  test.each(writes)('%s on a view made in inference mode', (_, write) => {
    const a = leaf(requiresGrad).clone();
    const view = torch.inferenceMode(() => a.viewAs(a));
    if (requiresGrad) {
      expectError(
        () => write(view),
        RuntimeError,
        /A view was created in inference mode and is being modified inplace/,
      );
    } else {
      write(view);
    }
  });

  test.each(writes)('%s on the base of a view made in inference mode: the graph of the view is gone', (_, write) => {
    const a = leaf(requiresGrad).clone();
    const view = torch.inferenceMode(() => a.view([-1]));
    write(a);
    if (requiresGrad) {
      expectError(
        () => view.gradFn,
        RuntimeError,
        /A view was created in inference mode and its base or another view of its base has been modified inplace/,
      );
    } else {
      expect(view.gradFn).toBeNull();
    }
  });

  test('a view of a view in inference mode, written to there', () => {
    const a = leaf(requiresGrad).clone();
    torch.inferenceMode(() => {
      const view = a.view([-1]).view([-1]);
      expect([view.isInference(), view.requiresGrad, view.isView, view.isLeaf]).toEqual([
        false,
        requiresGrad,
        true,
        true,
      ]);
      const before = a._version;
      view.add_(2);
      expect([a._version, view._version]).toEqual([before + 1, before + 1]);
    });
  });
});

test('an inference tensor that requires a gradient gets one where nothing is saved', () => {
  const c = torch.inferenceMode(() => leaf());
  c.add(leaf()).backward(torch.ones(1, 2, 3));
  expect(c.grad?.toArray()).toEqual(torch.ones(1, 2, 3).toArray());
});
