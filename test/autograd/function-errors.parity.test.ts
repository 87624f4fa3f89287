/** Misuse of custom functions: the same class and message as in PyTorch. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { native } from '../../lib/native';
import { parity, some } from '../support/parity/cases';

const { func, vmap } = torch;
const { grad, Function: Base, onceDifferentiable } = torch.autograd;
const { dualLevel, makeDual } = torch.autograd.forwardAd;
type Ctx = torch.autograd.FunctionCtx;

interface Methods {
  forward?: (...args: any[]) => any;
  setupContext?: (ctx: any, inputs: any, output: any) => void;
  backward?: (ctx: any, ...grads: any[]) => any;
  vjp?: (ctx: any, ...grads: any[]) => any;
  jvp?: (ctx: any, ...tangents: any[]) => any;
  vmap?: (info: any, inDims: any, ...args: any[]) => any;
  generateVmapRule?: boolean;
  clearSavedTensorsOnAccess?: boolean;
  boxedGradsCall?: boolean;
}

/** A class F with these methods; `forward` copies unless it is given. */
function define(methods: Methods): typeof Base {
  class F extends Base {
    static override forward = (x: Tensor): Tensor => x.clone();
    static override setupContext = (): void => undefined;
  }
  return Object.assign(F, methods);
}

// The same in Python: a class F whose methods are given as lambdas.
function python(methods: Record<string, string>): string {
  const all = { forward: 'lambda x: x.clone()', setup_context: 'lambda ctx, inputs, output: None', ...methods };
  const members = Object.entries(all).map(([name, code]) => {
    if (code === '') return [];
    return `    ${name} = ${code.startsWith('lambda') ? `staticmethod(${code})` : code}`;
  });
  return `class F(torch.autograd.Function):\n    pass\n${members.flat().join('\n')}`;
}

/** A message of this package in PyTorch's spelling. */
const spellings: [RegExp, string][] = [
  [/generateVmapRule=true/g, 'generate_vmap_rule=True'],
  [/generateVmapRule=false/g, 'generate_vmap_rule=False'],
  [/clearSavedTensorsOnAccess=true/g, 'clear_saved_tensors_on_access=True'],
  [/clearSavedTensorsOnAccess=false/g, 'clear_saved_tensors_on_access=False'],
  [/savedTensors/g, 'saved_tensors'],
  [/allowUnused=true/g, 'allow_unused=True'],
  [/retainGraph=true/g, 'retain_graph=True'],
  [/setupContext/g, 'setup_context'],
  [/\bnumber\)/g, 'int)'],
  [/type number/g, 'type int'],
  [/got number/g, 'got int'],
  [/Got a number/g, "Got a <class 'int'>"],
];

const inPython = (message: string): string => spellings.reduce((text, [from, to]) => text.replace(from, to), message);

parity('misuse of custom functions', (cases) => {
  cases.inputs({ x: some([3], 'float64', 3), m: some([4, 3], 'float64', 5) });

  // Both must fail, with the same class (the harness checks it) and text (read from the result below).
  const failure = (
    name: string,
    methods: [python: Record<string, string>, javascript: Methods],
    call: [python: string, javascript: (F: typeof Base, r: Tensor, inputs: { x: Tensor; m: Tensor }) => unknown],
  ): void => {
    cases.add(
      [
        python(methods[0]),
        'r = x.clone().requires_grad_()',
        'try:',
        `    ${call[0].split('\n').join('\n    ')}`,
        '    return "no error"',
        'except Exception as error:',
        '    return [type(error).__name__, str(error).split(": [")[0]]',
      ].join('\n'),
      ({ x, m }: { x: Tensor; m: Tensor }) => {
        const r = x.detach().requiresGrad_();
        try {
          call[1](define(methods[1]), r, { x, m });
        } catch (error) {
          return [(error as Error).name, inPython((error as Error).message).split(': [')[0]];
        }
        return 'no error';
      },
      { name },
    );
  };
  const backwardCall: [string, (F: typeof Base, r: Tensor) => unknown] = [
    'torch.autograd.grad(F.apply(r).sum(), r)',
    (F, r) => grad(F.apply(r).sum(), r),
  ];

  failure(
    'no forward',
    [
      { forward: '', setup_context: '' },
      { forward: Base.forward, setupContext: Base.setupContext },
    ],
    ['F.apply(r)', (F, r) => F.apply(r)],
  );
  failure('no backward', [{}, {}], backwardCall);
  failure(
    'no jvp',
    [{}, {}],
    ['jvp(F.apply, (x,), (x,))', (F, _, { x }) => func.jvp((a: Tensor) => F.apply(a) as Tensor, [x], [x])],
  );
  failure('no vmap', [{}, {}], ['vmap(F.apply)(m)', (F, _, { m }) => vmap((a: Tensor) => F.apply(a) as Tensor)(m)]);
  failure(
    'no vmap, over something that is not mapped',
    [{}, {}],
    ['vmap(lambda t: F.apply(x) + t)(m)', (F, _, { x, m }) => vmap((t: Tensor) => (F.apply(x) as Tensor).add(t))(m)],
  );
  failure(
    'both vmap and a generated rule',
    [
      { generate_vmap_rule: 'True', vmap: 'lambda info, in_dims, x: (x, 0)' },
      { generateVmapRule: true, vmap: (_i: unknown, _d: unknown, x: Tensor) => [x, 0] },
    ],
    ['vmap(F.apply)(m)', (F, _, { m }) => vmap((a: Tensor) => F.apply(a) as Tensor)(m)],
  );
  for (const [name, py, js] of [
    ['vmap that returns one thing', '7', 7],
    ['vmap that returns three things', '(1, 2, 3)', [1, 2, 3]],
  ] as const) {
    failure(
      name,
      [{ vmap: `lambda info, in_dims, x: ${py}` }, { vmap: () => js }],
      ['vmap(F.apply)(m)', (F, _, { m }) => vmap((a: Tensor) => F.apply(a) as Tensor)(m)],
    );
  }
  failure(
    'vmap with more dimensions than outputs',
    [
      { vmap: 'lambda info, in_dims, x: ((x, x), (0, 0, 0))' },
      {
        vmap: (_i: unknown, _d: unknown, x: Tensor) => [
          [x, x],
          [0, 0, 0],
        ],
      },
    ],
    [
      'try:\n    vmap(F.apply)(m)\nexcept RuntimeError as e:\n    raise RuntimeError(str(e).split("Expected")[0])',
      (F, _, { m }) => {
        try {
          vmap((a: Tensor) => F.apply(a) as Tensor)(m);
        } catch (error) {
          throw new torch.RuntimeError((error as Error).message.split('Expected')[0]);
        }
      },
    ],
  );
  failure(
    'forward with a context, inside a transform',
    [
      { forward: 'lambda ctx, x: x.clone()', setup_context: '' },
      { forward: (_: Ctx, x: Tensor) => x.clone(), setupContext: Base.setupContext },
    ],
    ['grad(lambda a: F.apply(a).sum())(x)', (F, _, { x }) => func.grad((a: Tensor) => (F.apply(a) as Tensor).sum())(x)],
  );
  failure('too few gradients', [{ backward: 'lambda ctx, g: ()' }, { backward: () => [] }], backwardCall);
  failure(
    'too many gradients',
    [{ backward: 'lambda ctx, g: (g, g)' }, { backward: (_: Ctx, g: Tensor) => [g, g] }],
    backwardCall,
  );
  failure(
    'too many gradients, that are not there',
    [{ backward: 'lambda ctx, g: (g, None)' }, { backward: (_: Ctx, g: Tensor) => [g, null] }],
    backwardCall,
  );
  failure('a gradient that is a number', [{ backward: 'lambda ctx, g: 3' }, { backward: () => 3 }], backwardCall);
  failure(
    'a gradient of the wrong shape',
    [{ backward: 'lambda ctx, g: g[:2]' }, { backward: (_: Ctx, g: Tensor) => g.narrow(0, 0, 2) }],
    backwardCall,
  );
  failure('no gradient', [{ backward: 'lambda ctx, g: None' }, { backward: () => null }], backwardCall);
  failure(
    'a broadcast gradient',
    [{ backward: 'lambda ctx, g: g.expand(2, 3)' }, { backward: (_: Ctx, g: Tensor) => g.expand(2, 3) }],
    backwardCall,
  );
  failure(
    'a gradient for what is no tensor',
    [
      { forward: 'lambda x, k: x * k', backward: 'lambda ctx, g: (g, g)' },
      { forward: (x: Tensor, k: number) => x.mul(k), backward: (_: Ctx, g: Tensor) => [g, g] },
    ],
    ['torch.autograd.grad(F.apply(r, 2).sum(), r)', (F, r) => grad(F.apply(r, 2).sum(), r)],
  );
  failure(
    'both backward and vjp',
    [
      { backward: 'lambda ctx, g: g', vjp: 'lambda ctx, g: g' },
      { backward: (_: Ctx, g: Tensor) => g, vjp: (_: Ctx, g: Tensor) => g },
    ],
    backwardCall,
  );
  failure('vjp alone', [{ vjp: 'lambda ctx, g: g' }, { vjp: (_: Ctx, g: Tensor) => g }], backwardCall);
  // PyTorch's text is cut short at the end, or goes on with an advice.
  for (const [method, name, length] of [
    ['save_for_backward', 'saveForBackward', 1000],
    ['save_for_forward', 'saveForForward', 50],
    ['mark_dirty', 'markDirty', 40],
    ['mark_non_differentiable', 'markNonDifferentiable', 50],
  ] as const) {
    failure(
      `${method} of a number`,
      [{ setup_context: `lambda ctx, inputs, output: ctx.${method}(3)` }, { setupContext: (ctx) => ctx[name](3) }],
      [
        `try:\n    F.apply(r)\nexcept Exception as e:\n    raise type(e)(str(e)[:${length}])`,
        (F, r) => {
          try {
            F.apply(r);
          } catch (error) {
            const { message: text, constructor } = error as Error;
            throw new (constructor as ErrorConstructor)(text.slice(0, length));
          }
        },
      ],
    );
  }
  failure(
    'a leaf changed in place',
    [
      { forward: 'lambda x: x.mul_(2)', setup_context: 'lambda ctx, inputs, output: ctx.mark_dirty(inputs[0])' },
      { forward: (x: Tensor) => x.mul_(2), setupContext: (ctx: Ctx, [x]: [Tensor]) => ctx.markDirty(x) },
    ],
    ['F.apply(r)', (F, r) => F.apply(r)],
  );
  failure(
    'dirty, but not returned',
    [
      {
        forward: 'lambda x: x.mul_(2).clone()',
        setup_context: 'lambda ctx, inputs, output: ctx.mark_dirty(inputs[0])',
      },
      { forward: (x: Tensor) => x.mul_(2).clone(), setupContext: (ctx: Ctx, [x]: [Tensor]) => ctx.markDirty(x) },
    ],
    ['F.apply(r.sin())', (F, r) => F.apply(r.sin())],
  );
  failure(
    'an input returned and saved',
    [
      { forward: 'lambda x: x', setup_context: 'lambda ctx, inputs, output: ctx.save_for_backward(output)' },
      { forward: (x: Tensor) => x, setupContext: (ctx: Ctx, _: unknown, y: Tensor) => ctx.saveForBackward(y) },
    ],
    ['F.apply(r)', (F, r) => F.apply(r)],
  );
  failure(
    'a saved input changed in place',
    [
      {
        setup_context: 'lambda ctx, inputs, output: ctx.save_for_backward(*inputs)',
        backward: 'lambda ctx, g: g * ctx.saved_tensors[0]',
      },
      {
        setupContext: (ctx: Ctx, inputs: Tensor[]) => ctx.saveForBackward(...inputs),
        backward: (ctx: Ctx, g: Tensor) => g.mul(ctx.savedTensors[0]),
      },
    ],
    [
      't = r * 1\ny = F.apply(t)\nt.mul_(2)\ntorch.autograd.grad(y.sum(), r)',
      (F, r) => {
        const t = r.mul(1);
        const y = F.apply(t) as Tensor;
        t.mul_(2);
        grad(y.sum(), r);
      },
    ],
  );
  const saving: [Record<string, string>, Methods] = [
    {
      setup_context: 'lambda ctx, inputs, output: ctx.save_for_backward(*inputs)',
      backward: 'lambda ctx, g: g * ctx.saved_tensors[0]',
    },
    {
      setupContext: (ctx: Ctx, inputs: Tensor[]) => ctx.saveForBackward(...inputs),
      backward: (ctx: Ctx, g: Tensor) => g.mul(ctx.savedTensors[0]),
    },
  ];
  failure('a second backward', saving, [
    'y = F.apply(r).sum()\ny.backward()\ny.backward()',
    (F, r) => {
      const y = (F.apply(r) as Tensor).sum();
      y.backward();
      y.backward();
    },
  ]);
  failure('a second backward of a graph that was retained', saving, [
    'y = F.apply(r).sum()\ny.backward(retain_graph=True)\ny.backward()',
    (F, r) => {
      const y = (F.apply(r) as Tensor).sum();
      y.backward({ retainGraph: true });
      y.backward();
    },
  ]);
  failure(
    'saved tensors read twice',
    [
      {
        clear_saved_tensors_on_access: 'True',
        setup_context: 'lambda ctx, inputs, output: ctx.save_for_backward(*inputs)',
        backward: 'lambda ctx, g: g * ctx.saved_tensors[0] * ctx.saved_tensors[0]',
      },
      {
        clearSavedTensorsOnAccess: true,
        setupContext: (ctx: Ctx, inputs: Tensor[]) => ctx.saveForBackward(...inputs),
        backward: (ctx: Ctx, g: Tensor) => g.mul(ctx.savedTensors[0]).mul(ctx.savedTensors[0]),
      },
    ],
    backwardCall,
  );
  failure(
    'gradients in a box',
    [
      { boxed_grads_call: 'True', backward: 'lambda ctx, grads: grads.pop()' },
      { boxedGradsCall: true, backward: (_: Ctx, grads: Tensor[]) => grads.pop() },
    ],
    backwardCall,
  );
  failure(
    'differentiating twice what may be once only',
    [
      { backward: 'torch.autograd.function.once_differentiable(lambda ctx, g: g * 2)' },
      { backward: onceDifferentiable((_: Ctx, g: Tensor) => g.mul(2)) },
    ],
    [
      'torch.autograd.grad(torch.autograd.grad((F.apply(r) * r).sum(), r, create_graph=True)[0].sum(), r)',
      (F, r) => grad(grad((F.apply(r) as Tensor).mul(r).sum(), r, { createGraph: true })[0].sum(), r),
    ],
  );
  for (const [name, py, js] of [
    ['two tangents for one output', '(t, t)', (t: Tensor) => [t, t]],
    // No tangent, and one of integers, are assertions in PyTorch: test/bad-input/garbage.test.ts has them.
    ['a tangent that is a number', '3', () => 3],
    ['a tangent of the wrong shape', 't[:2]', (t: Tensor) => t.narrow(0, 0, 2)],
    ['a tangent of another dtype', 't.to(torch.complex128)', (t: Tensor) => t.to('complex128')],
  ] as const) {
    failure(
      name,
      [{ jvp: `lambda ctx, t: ${py}` }, { jvp: (_: Ctx, t: Tensor) => js(t) }],
      [
        'with torch.autograd.forward_ad.dual_level():\n    F.apply(torch.autograd.forward_ad.make_dual(x, x))',
        (F, _, { x }) => dualLevel(() => F.apply(makeDual(x, x)) as Tensor),
      ],
    );
  }
  failure(
    'a function without a graph',
    [{ forward: 'lambda: torch.ones(2)' }, { forward: () => torch.ones(2) }],
    ['F.apply().sum().backward()', (F) => (F.apply() as Tensor).sum().backward()],
  );

  afterAll(() => {
    expect(native.levelDepth()).toBe(0);
  });
});
