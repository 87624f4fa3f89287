/** Hooks on modules against PyTorch's. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { parity, some } from '../support/parity/cases';
import { addFailure } from '../support/nn-functional';

const { nn } = torch;

/** A module of two arguments and two results. */
class Pair extends nn.Module {
  fc = new nn.Linear(4, 4);
  override forward(x: Tensor, y: Tensor): [Tensor, Tensor] {
    return [this.fc(x).tanh(), x.mul(y)];
  }
}
const PAIR = `class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
    def forward(self, x, y):
        return self.fc(x).tanh(), x * y
m = Pair()
log = []
`;

const leaf = (x: Tensor): Tensor => x.detach().clone().requiresGrad_();
const LEAF = 'x, y = x.clone().requires_grad_(), y.clone().requires_grad_()\n';

parity('hooks on modules', (cases) => {
  cases.inputs({ x: some([3, 4], 'float32'), y: some([3, 4], 'float32', 2) });

  cases.group('forward', () => {
    cases.add(
      `m = nn.Linear(4, 2); log = []
m.register_forward_pre_hook(lambda m, args: log.append(1))
m.register_forward_pre_hook(lambda m, args: args[0] * 2)
h = m.register_forward_pre_hook(lambda m, args: (log.append(3), (args[0] + 1,))[1], prepend=True)
a = m(x); h.remove(); b = m(x); h.remove(); return [a, b, log]`,
      ({ x }) => {
        const m = new nn.Linear(4, 2);
        const log: number[] = [];
        m.registerForwardPreHook(() => void log.push(1));
        m.registerForwardPreHook((_, [value]) => (value as Tensor).mul(2));
        const h = m.registerForwardPreHook(
          (_, [value]) => {
            log.push(3);
            return [(value as Tensor).add(1)];
          },
          { prepend: true },
        );
        const a = m(x);
        h.remove();
        const b = m(x);
        h.remove();
        return [a, b, log];
      },
      { name: 'hooks before forward replace its arguments, in their order' },
    );
    cases.add(
      `m = nn.Sequential(nn.Linear(4, 2), nn.Tanh()); log = []
m[1].register_forward_hook(lambda m, args, out: log.append([type(m).__name__, args[0], out]))
m.register_forward_hook(lambda m, args, out: out + 1)
m.register_forward_hook(lambda m, args, out: out * 2, prepend=True)
return [m(x), log]`,
      ({ x }) => {
        const m = new nn.Sequential(new nn.Linear(4, 2), new nn.Tanh());
        const log: unknown[] = [];
        m[1].registerForwardHook((module, args, out) => void log.push([module.constructor.name, args[0], out]));
        m.registerForwardHook((_module, _args, out) => (out as Tensor).add(1));
        m.registerForwardHook((_module, _args, out) => (out as Tensor).mul(2), { prepend: true });
        return [m(x), log];
      },
      { name: 'hooks after forward replace its result, in their order' },
    );
    cases.add(
      `m = nn.Linear(3, 2); log = []
m.register_forward_hook(lambda m, args, out: log.append('usual'))
m.register_forward_hook(lambda m, args, out: log.append(out is None), always_call=True)
try:
    m(x)
except RuntimeError:
    return log`,
      ({ x }) => {
        const m = new nn.Linear(3, 2);
        const log: unknown[] = [];
        m.registerForwardHook(() => void log.push('usual'));
        m.registerForwardHook((_module, _args, out) => void log.push(out === null), { alwaysCall: true });
        expect(() => m(x)).toThrow('mat1 and mat2 shapes cannot be multiplied');
        return log;
      },
      { name: 'alwaysCall calls a hook after an error' },
    );
    cases.add(
      `m = nn.Linear(4, 2); m.register_forward_hook(lambda m, args, out: out * 2)
return [vmap(m)(x), torch.func.jacrev(m)(x[0])]`,
      ({ x }) => {
        const m = new nn.Linear(4, 2);
        m.registerForwardHook((_module, _args, out) => (out as Tensor).mul(2));
        return [torch.vmap(m)(x), torch.func.jacrev(m)(x.select(0, 0))];
      },
      { name: 'hooks of forward run inside transforms' },
    );
  });

  cases.group('backward', () => {
    cases.add(
      `${PAIR}${LEAF}m.register_full_backward_hook(lambda m, gi, go: log.append([list(gi), list(go)]))
a, b = m(x, y); (a.sum() + (b * b).sum()).backward(); return [log, x.grad, y.grad, m.fc.weight.grad]`,
      (inputs) => {
        const [x, y] = [leaf(inputs.x), leaf(inputs.y)];
        const m = new Pair();
        const log: unknown[] = [];
        m.registerFullBackwardHook((_, gi, go) => void log.push([[...gi], [...go]]));
        const [a, b] = m(x, y);
        a.sum().add(b.mul(b).sum()).backward();
        return [log, x.grad, y.grad, m.fc.weight.grad];
      },
      { name: 'a hook gets the gradients of arguments and results' },
    );
    cases.add(
      `${PAIR}${LEAF}m.register_full_backward_hook(lambda m, gi, go: (gi[0] * 2, gi[1]))
m.register_full_backward_pre_hook(lambda m, go: (log.append(2), (go[0] * 3, go[1]))[1])
m.register_full_backward_hook(lambda m, gi, go: log.append([gi[0], go[0]]))
m.register_full_backward_pre_hook(lambda m, go: log.append(1), prepend=True)
a, b = m(x, y); (a.sum() + b.sum()).backward(); return [log, x.grad, y.grad, m.fc.bias.grad]`,
      (inputs) => {
        const [x, y] = [leaf(inputs.x), leaf(inputs.y)];
        const m = new Pair();
        const log: unknown[] = [];
        m.registerFullBackwardHook((_, [gx, gy]) => [gx!.mul(2), gy]);
        m.registerFullBackwardPreHook((_, [ga, gb]) => {
          log.push(2);
          return [ga!.mul(3), gb];
        });
        m.registerFullBackwardHook((_, gi, go) => void log.push([gi[0], go[0]]));
        m.registerFullBackwardPreHook(() => void log.push(1), { prepend: true });
        const [a, b] = m(x, y);
        a.sum().add(b.sum()).backward();
        return [log, x.grad, y.grad, m.fc.bias!.grad];
      },
      { name: 'hooks replace gradients, in their order' },
    );
    cases.add(
      `${PAIR}m.register_full_backward_hook(lambda m, gi, go: log.append([list(gi), list(go)]))
a, b = m(x, y); a.sum().backward(); return [log, m.fc.weight.grad]`,
      ({ x, y }) => {
        const m = new Pair();
        const log: unknown[] = [];
        m.registerFullBackwardHook((_, gi, go) => void log.push([[...gi], [...go]]));
        const [a] = m(x, y);
        a.sum().backward();
        return [log, m.fc.weight.grad];
      },
      { name: 'arguments without gradients have null' },
    );
    cases.add(
      `${PAIR}${LEAF}h = m.register_full_backward_hook(lambda m, gi, go: log.append(1)); h.remove()
a, b = m(x, y); (a.sum() + b.sum()).backward(); return [log, x.grad]`,
      (inputs) => {
        const [x, y] = [leaf(inputs.x), leaf(inputs.y)];
        const m = new Pair();
        const log: unknown[] = [];
        m.registerFullBackwardHook(() => void log.push(1)).remove();
        const [a, b] = m(x, y);
        a.sum().add(b.sum()).backward();
        return [log, x.grad];
      },
      { name: 'a removed hook is not called' },
    );
    cases.add(
      `${PAIR}${LEAF}m.register_full_backward_hook(lambda m, gi, go: log.append(1))
with torch.no_grad():
    m(x, y)
return log`,
      (inputs) => {
        const m = new Pair();
        const log: unknown[] = [];
        m.registerFullBackwardHook(() => void log.push(1));
        torch.noGrad(() => m(leaf(inputs.x), inputs.y));
        return log;
      },
      { name: 'nothing is called without gradients' },
    );
    addFailure(
      cases,
      'm.register_full_backward_hook(lambda m, gi, go: (gi[0],)); m(x, y)[1].sum().backward()',
      (inputs) => {
        const m = new Pair();
        m.registerFullBackwardHook((_, gi) => [gi[0]]);
        m(leaf(inputs.x), leaf(inputs.y))[1].sum().backward();
      },
      `${PAIR}${LEAF}`,
    );
    addFailure(
      cases,
      'm.register_full_backward_pre_hook(lambda m, go: (go[0],)); m(x, y)[1].sum().backward()',
      (inputs) => {
        const m = new Pair();
        m.registerFullBackwardPreHook((_, go) => [go[0]]);
        m(leaf(inputs.x), leaf(inputs.y))[1].sum().backward();
      },
      `${PAIR}${LEAF}`,
    );
    test('transforms refuse them', () => {
      const m = new nn.Tanh();
      m.registerFullBackwardHook(() => undefined);
      expect(() => torch.func.grad((x: Tensor) => m(x).sum())(torch.ones(2))).toThrow(
        'backward hooks of modules cannot be called inside transforms',
      );
    });
  });

  cases.group('state dicts', () => {
    cases.add(
      `m = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1)); log = []
m[0].register_state_dict_pre_hook(lambda m, prefix, keep_vars: log.append([prefix, keep_vars]))
m[0].register_state_dict_post_hook(lambda m, state, prefix, meta: (state.pop(prefix + 'bias'), None)[1])
m.register_state_dict_post_hook(lambda m, state, prefix, meta: log.append(list(state)))
return [list(m.state_dict()), log]`,
      () => {
        const m = new nn.Sequential(new nn.Linear(1, 1), new nn.Linear(1, 1));
        const log: unknown[] = [];
        m[0].registerStateDictPreHook((_module, prefix, keepVars) => void log.push([prefix, keepVars]));
        m[0].registerStateDictPostHook((_module, state, prefix) => void delete state[`${prefix}bias`]);
        m.registerStateDictPostHook((_module, state) => void log.push(Object.keys(state)));
        return [Object.keys(m.stateDict()), log];
      },
      { name: 'hooks around collecting' },
    );
    cases.add(
      `m = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1)); state = {'0.w': torch.ones(1, 1) * 5, '0.bias': torch.zeros(1)}; log = []
m[0].register_load_state_dict_pre_hook(lambda m, state, prefix, *rest: state.update({prefix + 'weight': state.pop(prefix + 'w')}))
m.register_load_state_dict_post_hook(lambda m, keys: (log.append(list(keys.missing_keys)), keys.missing_keys.clear())[1])
r = m.load_state_dict(state); return [m[0].weight, r.missing_keys, r.unexpected_keys, log]`,
      () => {
        const m = new nn.Sequential(new nn.Linear(1, 1), new nn.Linear(1, 1));
        const log: unknown[] = [];
        m[0].registerLoadStateDictPreHook((_module, state, prefix) => {
          state[`${prefix}weight`] = state[`${prefix}w`];
          delete state[`${prefix}w`];
        });
        m.registerLoadStateDictPostHook((_module, keys) => {
          log.push([...keys.missingKeys]);
          keys.missingKeys.length = 0;
        });
        const r = m.loadStateDict({ '0.w': torch.ones(1, 1).mul(5), '0.bias': torch.zeros(1) });
        return [(m[0] as torch.nn.Linear).weight, r.missingKeys, r.unexpectedKeys, log];
      },
      { name: 'hooks around loading' },
    );
  });

  test('bad arguments', () => {
    const m = new nn.Tanh();
    expect(() => m.registerForwardHook(3 as never)).toThrow(
      "registerForwardHook(): argument 'hook' must be a function, not number",
    );
    expect(() => m.registerForwardHook(() => 1, { withKwargs: true } as never)).toThrow("unknown option 'withKwargs'");
    m.registerForwardPreHook((async () => undefined) as never);
    expect(() => m(torch.ones(1))).toThrow('registerForwardPreHook(): the hook');
  });

  test('a handle is disposed by `using`', () => {
    const m = new nn.Identity();
    {
      using _ = m.registerForwardHook(() => 'hooked');
      expect(m(torch.ones(1))).toBe('hooked');
    }
    expect(m(torch.ones(1)).shape).toEqual([1]);
  });
});

// An array of 2^32 - 1 holes takes no memory, but minutes to walk.
test('results and arguments with holes are refused at once by modules with hooks', () => {
  const holes: unknown[] = [];
  holes.length = 2 ** 32 - 1;
  const module = new nn.Identity();
  module.registerFullBackwardHook(() => undefined);
  expect(() => module(holes as never)).toThrow('an array with holes (position 0 of 4294967295) cannot be copied');
  const other = new nn.Identity();
  other.registerForwardPreHook(() => holes as never);
  expect(() => other(torch.ones(1))).toThrow('an array with holes (position 0 of 4294967295) cannot be copied');
});
