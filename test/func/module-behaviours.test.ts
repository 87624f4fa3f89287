/** Modules in the transforms, as PyTorch's TestMakeFunctional and TestExamplesCorrectness try them: against loops. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectError } from '../support/errors';

const { nn, vmap, RuntimeError } = torch;
const { functionalCall, grad, gradAndValue, jacfwd, jacrev, replaceAllBatchNormModules_, stackModuleState } =
  torch.func;
const F = nn.functional;

type State = Record<string, Tensor>;
const stateOf = (entries: Iterable<[string, Tensor]>): State => Object.fromEntries(entries);
const mapState = (state: State, f: (value: Tensor, name: string) => Tensor): State =>
  Object.fromEntries(Object.entries(state).map(([name, value]) => [name, f(value, name)]));

function close(actual: Tensor, expected: Tensor, tolerance = 1e-10): void {
  expect(actual.shape).toEqual(expected.shape);
  if (!torch.allclose(actual, expected, { rtol: tolerance, atol: tolerance })) {
    throw new Error(`${String(actual)} is not ${String(expected)}`);
  }
}

function closeStates(actual: State, expected: State, tolerance?: number): void {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, value] of Object.entries(actual)) close(value, expected[name], tolerance);
}

/** The gradients of `loss` by a state, without transforms. */
function plainGradients(loss: Tensor, state: State, createGraph = false): State {
  const grads = torch.autograd.grad(loss, Object.values(state), { createGraph });
  return Object.fromEntries(Object.keys(state).map((name, i) => [name, grads[i]]));
}

beforeEach(() => {
  torch.manualSeed(0);
  torch.setDefaultDtype('float64');
});
afterEach(() => {
  torch.setDefaultDtype('float32');
});

describe('tied tensors', () => {
  class Tied extends nn.Module {
    bias = new nn.Parameter(torch.randn(3));
    linear = new nn.Linear(3, 3);
    tied = this.linear;
    buffer = new nn.Buffer(torch.randn(3));
    bufferTied = this.buffer;
    constructor() {
      super();
      this.linear.bias = this.bias;
    }
    override forward(x: Tensor): Tensor {
      return this.tied(this.linear(x)).add(this.bias).add(this.buffer).add(this.bufferTied);
    }
  }

  test('are one parameter and one buffer, and all places follow it', () => {
    const net = new Tied();
    expect([...net.namedParameters()].map(([name]) => name)).toHaveLength(2);
    expect([...net.namedBuffers()].map(([name]) => name)).toHaveLength(1);
    const other = new Tied();
    const state = { ...stateOf(other.namedParameters()), ...stateOf(other.namedBuffers()) };
    const x = torch.randn(2, 3);
    close(functionalCall(net, state, x), other(x));
  });

  test('have the sum of the gradients of all places', () => {
    const net = new Tied();
    const params = stateOf(net.namedParameters());
    const x = torch.randn(2, 3);
    const loss = (p: State): Tensor => functionalCall(net, p, x).sum();
    closeStates(grad(loss)(params), plainGradients(net(x).sum(), params));
  });

  test('in an ensemble', () => {
    const models = [new Tied(), new Tied()];
    const [params, buffers] = stackModuleState(models);
    const xs = torch.randn(2, 5, 3);
    const outputs = vmap((p: State, b: State, x: Tensor) => functionalCall(models[0], [p, b], x))(params, buffers, xs);
    close(outputs, torch.stack(models.map((model, i) => model(xs.select(0, i)))));
  });
});

describe('functionalCall', () => {
  test.each([true, false])('parameters that are detached: %s', (detach) => {
    const net = new nn.Linear(3, 3);
    const params = mapState(stateOf(net.namedParameters()), (p) => (detach ? p.detach() : p));
    const out = functionalCall(net, [params, stateOf(net.namedBuffers())], torch.randn(3, 3));
    expect(out.gradFn === null).toBe(detach);
  });

  test('of a convolutional net with another one’s parameters', () => {
    class Net extends nn.Module {
      conv1 = new nn.Conv2d(1, 4, 5);
      conv2 = new nn.Conv2d(4, 8, 5);
      drop = new nn.Dropout2d();
      fc1 = new nn.Linear(128, 20);
      fc2 = new nn.Linear(20, 10);
      override forward(x: Tensor): Tensor {
        const a = F.relu(F.maxPool2d(this.conv1(x), 2));
        const b = F.relu(F.maxPool2d(this.drop(this.conv2(a)), 2)).view([-1, 128]);
        return F.logSoftmax(this.fc2(F.dropout(F.relu(this.fc1(b)), 0.5, this.training)), 1);
      }
    }
    const [net, other] = [new Net(), new Net()];
    const x = torch.randn(3, 1, 28, 28);
    torch.manualSeed(1);
    const result = functionalCall(net, stateOf(other.namedParameters()), x);
    torch.manualSeed(1);
    close(result, other(x));
  });

  test('leaves the module with its own parameters', () => {
    const net = new nn.Linear(3, 3);
    const { weight, bias } = net;
    functionalCall(
      net,
      mapState(stateOf(net.namedParameters()), (value) => torch.zerosLike(value)),
      torch.randn(4, 3),
    );
    expect(net.weight === weight && net.bias === bias).toBe(true);
  });

  test('takes several states', () => {
    const net = new nn.Linear(1, 1);
    const out = functionalCall(net, [{ weight: torch.zeros(1, 1) }, { bias: torch.ones(1) }], torch.randn(1, 1));
    expect(out.toArray()).toEqual([[1]]);
  });
});

describe('stackModuleState', () => {
  const three = (): torch.nn.Linear[] => [0, 1, 2].map(() => new nn.Linear(2, 2));

  test('gives leaves that require gradients', () => {
    const [params, buffers] = stackModuleState(three());
    for (const param of Object.values(params)) expect([param.requiresGrad, param.isLeaf]).toEqual([true, true]);
    expect([params.weight.shape, params.bias.shape, buffers]).toEqual([[3, 2, 2], [3, 2], {}]);
  });

  test('inside a transform gives constants, with the tangents of what they are applied to', () => {
    const models = three();
    const base = new nn.Linear(2, 2).to('meta');
    const x = torch.randn([4, 2]);
    const direction = torch.randn([4, 2]);
    const call = (input: Tensor): Tensor => {
      const [params, buffers] = stackModuleState(models);
      const one = (p: Record<string, Tensor>, b: Record<string, Tensor>) =>
        functionalCall(base, [p, b], [input]) as Tensor;
      return torch.vmap(one as never)(params, buffers) as Tensor;
    };
    // A linear layer's tangent is the direction times its weight.
    const right = torch.stack(models.map(({ weight }) => direction.matmul(weight.detach().t())));
    const [, tangent] = torch.func.jvp(call, [x], [direction]) as [Tensor, Tensor];
    expect(torch.allclose(tangent, right, { atol: 1e-6 })).toBe(true);
    expect(Object.values(stackModuleState(models)[0]).every((param) => param.isLeaf)).toBe(true);
  });

  test('refuses no models, those in other modes, of other classes, and those that differ in requiresGrad', () => {
    expectError(() => stackModuleState([]), RuntimeError, /stack_?module_?state:? .*Expected at least one model/i);
    const modes = three();
    modes[1].eval();
    expectError(() => stackModuleState(modes), RuntimeError, /same training\/eval mode/);
    const classes: torch.nn.Module[] = three();
    classes[1] = new nn.Conv2d(3, 3, [3, 3]);
    expectError(() => stackModuleState(classes), RuntimeError, /models to be of the same class/);
    const mixed = three();
    mixed[0].weight.requiresGrad_(false);
    expectError(() => stackModuleState(mixed), RuntimeError, /same .requires_?grad/i);
  });
});

/** Learning to learn: the loss after some steps of descent on a task, by transforms or without. */
function afterSteps(
  net: torch.nn.Module,
  loss: (out: Tensor, y: Tensor) => Tensor,
  steps: number,
  rate: number,
): (transforms: boolean, params: State, x1: Tensor, y1: Tensor, x2: Tensor, y2: Tensor) => Tensor {
  const inner = (p: State, x: Tensor, y: Tensor): Tensor => loss(functionalCall(net, p, x), y);
  return (transforms, params, x1, y1, x2, y2) => {
    let p = params;
    for (let i = 0; i < steps; i++) {
      const g = transforms ? grad(inner)(p, x1, y1) : plainGradients(inner(p, x1, y1), p, true);
      p = mapState(p, (value, name) => value.sub(g[name].mul(rate)));
    }
    return inner(p, x2, y2);
  };
}

function compareMeta(
  net: torch.nn.Module,
  run: ReturnType<typeof afterSteps>,
  tasks: Tensor[],
  tolerance: number,
): void {
  const params = stateOf(net.namedParameters());
  const together = vmap((x1: Tensor, y1: Tensor, x2: Tensor, y2: Tensor) => run(true, params, x1, y1, x2, y2))(
    ...(tasks as [Tensor, Tensor, Tensor, Tensor]),
  );
  const count = tasks[0].shape[0];
  const one = Array.from({ length: count }, (_, i) => {
    const [x1, y1, x2, y2] = tasks.map((t) => t.select(0, i));
    return run(false, params, x1, y1, x2, y2);
  });
  close(together, torch.stack(one).detach(), tolerance);
  closeStates(plainGradients(together.sum(), params), plainGradients(torch.stack(one).sum(), params), tolerance);
}

describe('examples', () => {
  test('learning to learn sines: vmap and grad against loops', () => {
    const net = new nn.Sequential(
      new nn.Linear(1, 10),
      new nn.ReLU(),
      new nn.Linear(10, 10),
      new nn.ReLU(),
      new nn.Linear(10, 1),
    );
    const amplitude = torch.rand(4, 1, 1).mul(0.4).add(0.1);
    const phase = torch.rand(4, 1, 1).mul(Math.PI);
    const batch = (): [Tensor, Tensor] => {
      const x = torch.rand(4, 20, 1).mul(10).sub(5);
      return [x, x.add(phase).sin().mul(amplitude)];
    };
    const run = afterSteps(net, (out, y) => out.sub(y).pow(2).mean(), 1, 0.1);
    compareMeta(net, run, [...batch(), ...batch()], 1e-9);
  });

  test('learning to learn images: convolutions with group norms, two steps', () => {
    const block = (channels: number): torch.nn.Module[] => [
      new nn.Conv2d(channels, 4, 3),
      new nn.GroupNorm(4, 4),
      new nn.ReLU(),
      new nn.MaxPool2d(2, { stride: 2 }),
    ];
    const net = new nn.Sequential(...block(1), ...block(4), new nn.Flatten(), new nn.Linear(16, 5));
    const images = (n: number): Tensor => torch.randn(2, n, 1, 14, 14);
    const labels = (n: number): Tensor => torch.randint(0, 5, [2, n]);
    const run = afterSteps(net, (out, y) => F.crossEntropy(out, y), 2, 0.1);
    compareMeta(net, run, [images(6), labels(6), images(4), labels(4)], 1e-6);
  });

  test.each([true, false])('gradients per sample through replaced batch norms, statistics kept before: %s', (kept) => {
    const net = new nn.Sequential(
      new nn.Conv2d(3, 4, 3),
      new nn.BatchNorm2d(4, { trackRunningStats: kept }),
      new nn.ReLU(),
      new nn.Flatten(),
      new nn.Linear(64, 5),
    );
    replaceAllBatchNormModules_(net);
    const params = stateOf(net.namedParameters());
    const buffers = stateOf(net.namedBuffers());
    const loss = (x: Tensor, y: Tensor, p: State): Tensor => F.crossEntropy(functionalCall(net, [p, buffers], x), y);
    const x = torch.randn(2, 1, 3, 6, 6);
    const y = torch.randint(0, 5, [2, 1]);
    const result = vmap(grad(loss, { argnums: 2 }), { inDims: [0, 0, null] })(x, y, params);
    const single = [0, 1].map((i) => plainGradients(loss(x.select(0, i), y.select(0, i), params), params));
    closeStates(
      result,
      mapState(params, (_, name) => torch.stack(single.map((g) => g[name]))),
      1e-8,
    );
  });

  test.each([
    ['jacrev', jacrev],
    ['jacfwd', jacfwd],
  ] as [string, (f: (r: Tensor) => Tensor) => (r: Tensor) => Tensor][])(
    'forces of a network by %s, differentiated by its parameters',
    (_, jacobian) => {
      const net = new nn.Sequential(
        new nn.Linear(1, 8),
        new nn.Tanh(),
        new nn.Linear(8, 8),
        new nn.Tanh(),
        new nn.Linear(8, 1),
      );
      const distances = torch.linspace(0.5, 1, 20);
      const drs = torch.outer(distances, torch.tensor([1, 0, 0]));
      const norms = drs.norm(2, 1).reshape([-1, 1]);
      const model = (r: Tensor): Tensor => net(r);
      const batched = vmap(jacobian(model))(norms).squeeze(-1);
      const looped = torch.cat(
        [...norms].map((r) => torch.autograd.functional.jacobian(model, r, { createGraph: true })),
      );
      const gradients = (derivatives: Tensor): Tensor[] =>
        torch.autograd
          .grad(derivatives.neg().mul(drs).div(norms).pow(2).mean(), net.parameters(), { allowUnused: true })
          .map((g, i) => g ?? torch.zerosLike(net.parameters()[i]));
      const [a, b] = [gradients(batched), gradients(looped)];
      a.forEach((g, i) => close(g, b[i]));
    },
  );

  class Classifier extends nn.Module {
    fc1 = new nn.Linear(2, 8);
    fc2 = new nn.Linear(8, 2);
    override forward(x: Tensor): Tensor {
      return F.logSoftmax(this.fc2(F.relu(this.fc1(x))), -1);
    }
  }

  test('an ensemble takes a step of training', () => {
    const models = [new Classifier(), new Classifier()];
    const [points, labels] = [torch.randn(30, 2), torch.randint(0, 2, [30])];
    const loss = (p: State): Tensor => F.nllLoss(functionalCall(models[0], p, points), labels);
    const step = (p: State): [Tensor, State] => {
      const [g, value] = gradAndValue(loss)(p);
      return [value, mapState(p, (w, name) => w.sub(g[name].mul(0.2)))];
    };
    const [stacked] = stackModuleState(models);
    const [losses, weights] = vmap(step)(stacked) as [Tensor, State];
    models.forEach((model, i) => {
      const own = stateOf(model.namedParameters());
      const value = loss(own);
      const g = plainGradients(value, own);
      close(losses.select(0, i).detach(), value.detach());
      closeStates(
        mapState(weights, (w) => w.select(0, i).detach()),
        mapState(own, (w, name) => w.sub(g[name].mul(0.2)).detach()),
      );
    });
  });

  test.each([
    ['Dropout', () => new nn.Dropout()],
    ['AlphaDropout', () => new nn.AlphaDropout()],
    ['FeatureAlphaDropout', () => new nn.FeatureAlphaDropout()],
  ] as const)('one start, the same %s, two learning rates', (_, makeDropout) => {
    class Net extends nn.Module {
      dropout = makeDropout();
      fc = new nn.Linear(8, 2);
      override forward(x: Tensor): Tensor {
        return F.logSoftmax(this.fc(torch.flatten(this.dropout(x), 1)), -1);
      }
    }
    const net = new Net();
    const [points, labels] = [torch.randn(20, 2, 2, 2), torch.randint(0, 2, [20])];
    const params = mapState(stateOf(net.namedParameters()), (p) => torch.stack([p, p]).detach());
    const step = (p: State, rate: Tensor): [Tensor, State] => {
      const [g, value] = gradAndValue((p: State) => F.nllLoss(functionalCall(net, p, points), labels))(p);
      return [value, mapState(p, (w, name) => w.sub(g[name].mul(rate)))];
    };
    const [losses, weights] = vmap(step, { randomness: 'same' })(params, torch.tensor([0.2, 0.4])) as [Tensor, State];
    expect(losses.index(0).item()).toBe(losses.index(1).item());
    for (const weight of Object.values(weights))
      expect(torch.equal(weight.select(0, 0), weight.select(0, 1))).toBe(false);
  });

  test('gradients per sample of a small residual net', () => {
    class Block extends nn.Module {
      conv = new nn.Conv2d(4, 4, 3, { padding: 1 });
      norm = new nn.GroupNorm(2, 4);
      override forward(x: Tensor): Tensor {
        return F.relu(this.norm(this.conv(x)).add(x));
      }
    }
    const net = new nn.Sequential(
      new nn.Conv2d(3, 4, 3),
      new Block(),
      new Block(),
      new nn.AdaptiveAvgPool2d(1),
      new nn.Flatten(),
      new nn.Linear(4, 10),
    );
    const params = stateOf(net.namedParameters());
    const loss = (p: State, image: Tensor, target: Tensor): Tensor =>
      F.crossEntropy(functionalCall(net, p, image.unsqueeze(0)), target.unsqueeze(0), { reduction: 'sum' });
    const images = torch.randn(3, 3, 8, 8);
    const targets = torch.randint(0, 10, [3]);
    const result = vmap(grad(loss), { inDims: [null, 0, 0] })(params, images, targets);
    const single = [0, 1, 2].map((i) =>
      plainGradients(loss(params, images.select(0, i), targets.select(0, i)), params),
    );
    closeStates(
      result,
      mapState(params, (_, name) => torch.stack(single.map((g) => g[name]))),
      1e-8,
    );
  });
});
