/** Hooks on all modules against PyTorch's. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { parity, some } from '../support/parity/cases';
import { addFailure } from '../support/nn-functional';

const { nn } = torch;

const ALL = 'from torch.nn.modules import module as all_modules\n';
const leaf = (x: Tensor): Tensor => x.detach().clone().requiresGrad_();
const name = (module: torch.nn.Module): string => module.constructor.name;

parity('hooks on all modules', (cases) => {
  cases.inputs({ x: some([3, 4], 'float32') });

  cases.group('forward', () => {
    cases.add(
      `${ALL}m = nn.Sequential(nn.Linear(4, 2), nn.Tanh()); log = []
m[0].register_forward_pre_hook(lambda m, args: (log.append("own"), args[0] * 2)[1], prepend=True)
a = all_modules.register_module_forward_pre_hook(lambda m, args: log.append(type(m).__name__))
b = all_modules.register_module_forward_pre_hook(lambda m, args: args[0] + 1)
y = m(x); a.remove(); b.remove(); return [y, m(x), log]`,
      ({ x }) => {
        const m = new nn.Sequential(new nn.Linear(4, 2), new nn.Tanh());
        const log: string[] = [];
        m[0].registerForwardPreHook(
          (_, [value]) => {
            log.push('own');
            return (value as Tensor).mul(2);
          },
          { prepend: true },
        );
        const a = nn.registerModuleForwardPreHook((module) => void log.push(name(module)));
        const b = nn.registerModuleForwardPreHook((_, [value]) => (value as Tensor).add(1));
        const y = m(x);
        a.remove();
        b.remove();
        return [y, m(x), log];
      },
      { name: 'hooks before forward run before those of a module, and replace arguments' },
    );
    cases.add(
      `${ALL}m = nn.Sequential(nn.Linear(4, 2), nn.Tanh()); log = []
m[1].register_forward_hook(lambda m, args, out: log.append(["own", args[0], out]))
h = all_modules.register_module_forward_hook(lambda m, args, out: (log.append([type(m).__name__, out]), out * 2)[1])
y = m(x); h.remove(); h.remove(); return [y, m(x), log]`,
      ({ x }) => {
        const m = new nn.Sequential(new nn.Linear(4, 2), new nn.Tanh());
        const log: unknown[] = [];
        m[1].registerForwardHook((_, [value], out) => void log.push(['own', value, out]));
        const h = nn.registerModuleForwardHook((module, _args, out) => {
          log.push([name(module), out]);
          return (out as Tensor).mul(2);
        });
        const y = m(x);
        h.remove();
        h.remove();
        return [y, m(x), log];
      },
      { name: 'hooks after forward run before those of a module, and replace its result' },
    );
    cases.add(
      `${ALL}m = nn.Linear(3, 2); log = []
a = all_modules.register_module_forward_hook(lambda m, args, out: log.append('usual'))
b = all_modules.register_module_forward_hook(lambda m, args, out: (log.append(out is None), 5)[1], always_call=True)
m.register_forward_hook(lambda m, args, out: log.append(out), always_call=True)
try:
    m(x)
except RuntimeError:
    return log
finally:
    a.remove(); b.remove()`,
      ({ x }) => {
        const m = new nn.Linear(3, 2);
        const log: unknown[] = [];
        using _a = nn.registerModuleForwardHook(() => void log.push('usual'));
        using _b = nn.registerModuleForwardHook(
          (_module, _args, out) => {
            log.push(out === null);
            return 5;
          },
          { alwaysCall: true },
        );
        m.registerForwardHook((_module, _args, out) => void log.push(out), { alwaysCall: true });
        expect(() => m(x)).toThrow('mat1 and mat2 shapes cannot be multiplied');
        return log;
      },
      { name: 'alwaysCall calls a hook after an error; its result goes to the next one' },
    );
    cases.add(
      `${ALL}m = nn.Linear(4, 2); h = all_modules.register_module_forward_hook(lambda m, args, out: out * 2)
try:
    return [vmap(m)(x), torch.func.jacrev(m)(x[0])]
finally:
    h.remove()`,
      ({ x }) => {
        const m = new nn.Linear(4, 2);
        using _ = nn.registerModuleForwardHook((_module, _args, out) => (out as Tensor).mul(2));
        return [torch.vmap(m)(x), torch.func.jacrev(m)(x.select(0, 0))];
      },
      { name: 'hooks of forward run inside transforms' },
    );
  });

  cases.group('backward', () => {
    cases.add(
      `${ALL}m = nn.Sequential(nn.Linear(4, 2), nn.Tanh()); x = x.clone().requires_grad_(); log = []
m[1].register_full_backward_hook(lambda m, gi, go: (log.append("own"), (gi[0] * 3,))[1])
m[1].register_full_backward_pre_hook(lambda m, go: log.append("own, before"))
a = all_modules.register_module_full_backward_pre_hook(lambda m, go: (log.append([type(m).__name__, list(go)]), (go[0] * 2,))[1])
b = all_modules.register_module_full_backward_hook(lambda m, gi, go: log.append([list(gi), list(go)]))
m(x).sum().backward(); a.remove(); b.remove()
first = x.grad.clone(); m(x).sum().backward(); return [first, x.grad, m[0].weight.grad, log]`,
      (inputs) => {
        const m = new nn.Sequential(new nn.Linear(4, 2), new nn.Tanh());
        const x = leaf(inputs.x);
        const log: unknown[] = [];
        m[1].registerFullBackwardHook((_, [grad]) => {
          log.push('own');
          return [grad!.mul(3)];
        });
        m[1].registerFullBackwardPreHook(() => void log.push('own, before'));
        const a = nn.registerModuleFullBackwardPreHook((module, go) => {
          log.push([name(module), [...go]]);
          return [go[0]!.mul(2)];
        });
        const b = nn.registerModuleFullBackwardHook((_, gi, go) => void log.push([[...gi], [...go]]));
        m(x).sum().backward();
        a.remove();
        b.remove();
        const first = x.grad!.clone();
        m(x).sum().backward();
        return [first, x.grad, (m[0] as torch.nn.Linear).weight.grad, log];
      },
      { name: 'hooks of the backward pass run before those of a module, and replace gradients' },
    );
    addFailure(
      cases,
      'nn.Tanh()(x.clone().requires_grad_()).sum().backward()',
      ({ x }) => {
        using _ = nn.registerModuleFullBackwardHook(() => []);
        new nn.Tanh()(leaf(x)).sum().backward();
      },
      // The hook removes itself: Python runs all cases in one process.
      `${ALL}h = all_modules.register_module_full_backward_hook(lambda m, gi, go: (h.remove(), ())[1])\n`,
    );
    test('transforms refuse them', () => {
      using _ = nn.registerModuleFullBackwardPreHook(() => undefined);
      expect(() => torch.func.grad((x: Tensor) => new nn.Tanh()(x).sum())(torch.ones(2))).toThrow(
        'backward hooks of modules cannot be called inside transforms',
      );
    });
  });

  test('a compiled function notices a hook that is added or removed', () => {
    const m = new nn.Tanh();
    const compiled = torch.compile((x: Tensor) => m(x));
    const x = torch.ones(3);
    for (let i = 0; i < 3; i++) compiled(x);
    {
      using _ = nn.registerModuleForwardHook((_module, _args, out) => (out as Tensor).mul(2));
      expect(compiled(x).equal(x.tanh().mul(2))).toBe(true);
    }
    expect(compiled(x).equal(x.tanh())).toBe(true);
  });

  test('bad arguments', () => {
    for (const register of [
      nn.registerModuleForwardHook,
      nn.registerModuleForwardPreHook,
      nn.registerModuleFullBackwardHook,
      nn.registerModuleFullBackwardPreHook,
    ] as ((hook: unknown) => unknown)[]) {
      expect(() => register(3)).toThrow(
        /^nn\.registerModule\w+Hook\(\): argument 'hook' must be a function, not number$/,
      );
    }
    expect(() => nn.registerModuleForwardHook(() => 1, { prepend: true } as never)).toThrow("unknown option 'prepend'");
    {
      using _ = nn.registerModuleForwardPreHook((async () => undefined) as never);
      expect(() => new nn.Tanh()(torch.ones(1))).toThrow('nn.registerModuleForwardPreHook(): the hook');
    }
    using _ = nn.registerModuleFullBackwardHook(() => 3 as never);
    expect(() => new nn.Tanh()(leaf(torch.ones(1))).backward()).toThrow(
      'nn.registerModuleFullBackwardHook(): a hook must return an array of gradients or nothing, but it returned number',
    );
  });
});
