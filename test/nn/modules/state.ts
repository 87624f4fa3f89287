/** What a module is made of, its state, its modes: as PyTorch sees the same module. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import type { Cases } from '../../support/parity/cases';
import { addFailure } from '../../support/nn-functional';
import { CAMEL } from '../../support/nn-modules';

const { nn } = torch;

const PYTHON = `${CAMEL}
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.scale = nn.Parameter(torch.full((4,), 2.0))
        self.absent = None
        self.register_parameter('bias', None)
        self.register_buffer('mean', torch.zeros(4))
        self.scratch = nn.Buffer(torch.ones(4), persistent=False)
        self.plain = torch.ones(1)
    def forward(self, x):
        self.mean = self.mean * 0.5 + x.mean(0) * 0.5
        return self.fc(x) * self.scale + self.mean
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = Block()
        self.list = nn.ModuleList([nn.Linear(4, 4), self.first, nn.Linear(4, 4)])
        self.tied = nn.Linear(4, 4)
        self.tied.weight = self.first.fc.weight
        self.named = nn.ModuleDict({'a': nn.Tanh(), 'b': nn.BatchNorm1d(4)})
        self.out = nn.Sequential(nn.Linear(4, 2, bias=False), nn.Dropout())
    def forward(self, x):
        for layer in self.list:
            x = layer(x)
        return self.out(self.named['b'](self.named['a'](self.tied(x))))
net = Net()
`;

class Block extends nn.Module {
  fc = new nn.Linear(4, 4);
  scale = new nn.Parameter(torch.ones(4).mul(2));
  absent: torch.nn.Parameter | null = null;
  bias = this.registerParameter('bias', null);
  mean: Tensor = this.registerBuffer('mean', torch.zeros(4));
  scratch = new nn.Buffer(torch.ones(4), { persistent: false });
  plain = torch.ones(1);
  override forward(x: Tensor): Tensor {
    this.mean = this.mean.mul(0.5).add(x.mean(0).mul(0.5));
    return this.fc(x).mul(this.scale).add(this.mean);
  }
}

class Net extends nn.Module {
  first = new Block();
  list = new nn.ModuleList<torch.nn.Linear | Block>([new nn.Linear(4, 4), this.first, new nn.Linear(4, 4)]);
  tied = new nn.Linear(4, 4);
  named: torch.nn.ModuleDict;
  out: torch.nn.Sequential;
  constructor() {
    super();
    this.tied.weight = this.first.fc.weight;
    this.named = new nn.ModuleDict<torch.nn.Module>({ a: new nn.Tanh(), b: new nn.BatchNorm1d(4) });
    this.out = new nn.Sequential(new nn.Linear(4, 2, false), new nn.Dropout());
  }
  override forward(x: Tensor): Tensor {
    for (const layer of this.list) x = layer(x);
    return this.out(this.named.get('b')!(this.named.get('a')!(this.tied(x)))) as Tensor;
  }
}

const names = (entries: [string, unknown][]): string[] => entries.map(([name]) => name);
const NAMES = '[camel(name) for name, _ in ';

/** Expressions over \`net\`; the Python ones too. */
function add(cases: Cases, python: string, javascript: (net: Net, inputs: Record<string, Tensor>) => unknown): void {
  cases.add(
    `${PYTHON}${python.includes('return') ? python : `return ${python}`}`,
    (inputs) => javascript(new Net(), inputs),
    {
      name: python,
    },
  );
}

function fails(cases: Cases, python: string, javascript: (net: Net, inputs: any) => unknown): void {
  addFailure(cases, python, (inputs) => javascript(new Net(), inputs), PYTHON);
}

function finding(cases: Cases): void {
  cases.group('what is in a module', () => {
    add(cases, 'str(net)', (net) => String(net));
    add(cases, `${NAMES}net.named_parameters()]`, (net) => names(net.namedParameters()));
    add(cases, `${NAMES}net.named_parameters(remove_duplicate=False)]`, (net) =>
      names(net.namedParameters({ removeDuplicate: false })),
    );
    add(cases, `${NAMES}net.first.named_parameters(prefix='p', recurse=False)]`, (net) =>
      names(net.first.namedParameters({ prefix: 'p', recurse: false })),
    );
    add(cases, `${NAMES}net.named_buffers()]`, (net) => names(net.namedBuffers()));
    add(cases, `${NAMES}net.named_buffers('q', remove_duplicate=False)]`, (net) =>
      names(net.namedBuffers({ prefix: 'q', removeDuplicate: false })),
    );
    add(cases, `${NAMES}net.named_modules()]`, (net) => names(net.namedModules()));
    add(cases, `${NAMES}net.named_modules(prefix='m', remove_duplicate=False)]`, (net) =>
      names(net.namedModules({ prefix: 'm', removeDuplicate: false })),
    );
    add(cases, `${NAMES}net.named_children()]`, (net) => names(net.namedChildren()));
    add(
      cases,
      '[len(list(m)) for m in (net.parameters(), net.parameters(False), net.buffers(), net.first.buffers(recurse=False), net.modules(), net.children())]',
      (net) => [
        net.parameters().length,
        net.parameters(false).length,
        net.buffers().length,
        net.first.buffers(false).length,
        net.modules().length,
        net.children().length,
      ],
    );
    add(cases, 'list(state(net))', (net) => Object.keys(net.stateDict()));
    add(cases, 'state(net)', (net) => net.stateDict());
    add(
      cases,
      "[net.get_parameter('list.1.fc.weight') is net.tied.weight, net.get_submodule('out.0') is net.out[0], net.get_submodule('') is net, net.get_buffer('named.b.running_var')]",
      (net) => [
        net.getParameter('list.1.fc.weight') === net.tied.weight,
        net.getSubmodule('out.0') === net.out[0],
        net.getSubmodule('') === net,
        net.getBuffer('named.b.runningVar'),
      ],
    );
    add(
      cases,
      "net.set_submodule('out.1', nn.ReLU()); net.set_submodule('out.2', nn.Tanh()); return str(net.out)",
      (net) => {
        net.setSubmodule('out.1', new nn.ReLU());
        net.setSubmodule('out.2', new nn.Tanh());
        return String(net.out);
      },
    );
    add(cases, 'net.tied = None; net.first.extra = nn.Identity(); del net.first.fc; return str(net)', (net) => {
      // A null is understood once the module has been looked at.
      net.modules();
      Object.assign(net, { tied: null });
      Object.assign(net.first, { extra: new nn.Identity() });
      delete (net.first as Partial<Block>).fc;
      return String(net);
    });
    fails(cases, "net.get_submodule('out.7')", (net) => net.getSubmodule('out.7'));
    fails(cases, "net.get_submodule('first.plain')", (net) => net.getSubmodule('first.plain'));
    fails(cases, "net.get_parameter('first.plain')", (net) => net.getParameter('first.plain'));
    fails(cases, "net.get_parameter('first.missing')", (net) => net.getParameter('first.missing'));
    fails(cases, "net.get_buffer('first.plain')", (net) => net.getBuffer('first.plain'));
    fails(cases, "net.set_submodule('', nn.ReLU())", (net) => net.setSubmodule('', new nn.ReLU()));
    fails(cases, "net.set_submodule('out.5', nn.ReLU(), strict=True)", (net) =>
      net.setSubmodule('out.5', new nn.ReLU(), { strict: true }),
    );
  });
}

function registering(cases: Cases): void {
  cases.group('registering', () => {
    add(
      cases,
      "net.register_buffer('b', x, persistent=False); net.register_parameter('p', None); net.add_module('m', nn.ReLU()); net.register_module('n', None); return [list(state(net)), str(net)]",
      (net, { x }) => {
        net.registerBuffer('b', x, { persistent: false });
        net.registerParameter('p', null);
        net.addModule('m', new nn.ReLU());
        net.registerModule('n', null);
        return [Object.keys(net.stateDict()), String(net)];
      },
    );
    add(
      cases,
      'net.first.mean = torch.ones(4); net.first.bias = nn.Parameter(torch.ones(2)); net.first.scale = None; net.first.plain = nn.Parameter(torch.ones(1)); return [state(net.first), [n for n, _ in net.first.named_parameters()]]',
      (net) => {
        net.first.namedBuffers();
        net.first.mean = torch.ones(4);
        Object.assign(net.first, {
          bias: new nn.Parameter(torch.ones(2)),
          scale: null,
          plain: new nn.Parameter(torch.ones(1)),
        });
        return [net.first.stateDict(), names(net.first.namedParameters())];
      },
    );
    const message = 'the message says in this language what is expected';
    for (const [python, assign] of [
      ['net.first.scale = torch.ones(4)', (net) => Object.assign(net.first, { scale: torch.ones(4) })],
      ['net.tied = torch.ones(4)', (net) => Object.assign(net, { tied: torch.ones(4) })],
      ['net.first.mean = 3', (net) => Object.assign(net.first, { mean: 3 })],
    ] as [string, (net: Net) => unknown][]) {
      cases.add(
        `${PYTHON}${python}\nreturn 0`,
        () => {
          const net = new Net();
          net.namedParameters();
          assign(net);
          // Properties are looked at when somebody asks for them.
          return net.namedParameters();
        },
        { name: `${python} fails: ${message}` },
      );
    }
    fails(cases, "net.register_buffer('a.b', x)", (net, { x }) => net.registerBuffer('a.b', x));
    fails(cases, "net.register_buffer('first', x)", (net, { x }) => net.registerBuffer('first', x));
    fails(cases, "net.register_parameter('p', nn.Parameter(torch.ones(1)) * 2)", (net) =>
      net.registerParameter('p', new nn.Parameter(torch.ones(1)).mul(2) as never),
    );
    fails(cases, "net.register_parameter('forward', None)", (net) => net.registerParameter('forward', null));
    fails(cases, "net.add_module('x.y', nn.ReLU())", (net) => net.addModule('x.y', new nn.ReLU()));
    fails(cases, "net.add_module('tied.x', None)", (net) => net.addModule('tied.x', null));
  });
}

function loading(cases: Cases): void {
  cases.group('loading a state', () => {
    add(
      cases,
      's = {k: v * 0 + 3 for k, v in net.state_dict().items()}; r = net.load_state_dict(s); return [state(net), r.missing_keys, r.unexpected_keys]',
      (net) => {
        const s = Object.fromEntries(Object.entries(net.stateDict()).map(([k, v]) => [k, v.mul(0).add(3)]));
        const { tied } = net;
        const { weight } = tied;
        const r = net.loadStateDict(s);
        expect(tied.weight).toBe(weight);
        return [net.stateDict(), r.missingKeys, r.unexpectedKeys];
      },
    );
    add(
      cases,
      "r = net.load_state_dict({'tied.bias': torch.ones(4), 'zzz': x, 'out.9.weight': x, 'list.0.weight': torch.ones(4, 4)}, strict=False); return [sorted(map(camel, r.missing_keys)), r.unexpected_keys, net.tied.bias, net.list[0].weight]",
      (net, { x }) => {
        const state = { 'tied.bias': torch.ones(4), zzz: x, 'out.9.weight': x, 'list.0.weight': torch.ones(4, 4) };
        const r = net.loadStateDict(state, { strict: false });
        return [
          r.missingKeys.toSorted(),
          r.unexpectedKeys,
          net.tied.bias,
          net.list[0] instanceof nn.Linear && net.list[0].weight,
        ];
      },
    );
    add(
      cases,
      "w = torch.ones(4, 4, dtype=torch.float64); b = nn.Parameter(torch.zeros(4)); net.tied.load_state_dict({'weight': w, 'bias': b}, assign=True); return [net.tied.weight, net.tied.bias is b, net.tied.weight.requires_grad]",
      (net) => {
        const b = new nn.Parameter(torch.zeros(4));
        net.tied.loadStateDict({ weight: torch.ones([4, 4], { dtype: 'float64' }), bias: b }, { assign: true });
        return [net.tied.weight, net.tied.bias === b, net.tied.weight.requiresGrad];
      },
    );
    add(
      cases,
      "b = nn.BatchNorm1d(2); s = dict(b.state_dict()); del s['num_batches_tracked']; b.load_state_dict(s); return state(b)",
      () => {
        const b = new nn.BatchNorm1d(2);
        const state = { ...b.stateDict() };
        delete state.numBatchesTracked;
        b.loadStateDict(state);
        return b.stateDict();
      },
    );
    fails(cases, "net.tied.load_state_dict({'weight': torch.ones(3, 4), 'other': x})", (net, { x }) =>
      net.tied.loadStateDict({ weight: torch.ones(3, 4), other: x }),
    );
    fails(cases, 'net.out.load_state_dict({})', (net) => net.out.loadStateDict({}));
    fails(cases, "net.out.load_state_dict({'0.weight.x': x, '0.weight': x})", (net, { x }) =>
      net.out.loadStateDict({ '0.weight.x': x, '0.weight': x }),
    );
    fails(cases, "s = net.named.b.state_dict(); del s['num_batches_tracked']; net.named.b.load_state_dict(s)", () => {
      const b = new nn.BatchNorm1d(4);
      const s = b.stateDict();
      delete s.numBatchesTracked;
      try {
        b.loadStateDict(s);
      } catch (error) {
        (error as Error).message = (error as Error).message.replace('numBatchesTracked', 'num_batches_tracked');
        throw error;
      }
    });
  });
}

function changing(cases: Cases): void {
  cases.group('modes and conversions', () => {
    add(cases, 'net.eval(); net.first.train(); return [m.training for m in net.modules()]', (net) => {
      net.eval().first.train();
      return net.modules().map((m) => m.training);
    });
    fails(cases, 'net.train(1)', (net) => net.train(1 as never));
    add(cases, 'r = net.double(); return [state(net), r is net, net.first.plain]', (net) => {
      const { weight } = net.tied;
      const r = net.double();
      expect(net.tied.weight).toBe(weight);
      return [net.stateDict(), r === net, net.first.plain];
    });
    add(cases, 'list(state(net.to(torch.bfloat16)).values())', (net) => Object.values(net.to('bfloat16').stateDict()));
    add(cases, "[str(p.device) for p in net.to('meta').parameters()]", (net) =>
      net
        .to('meta')
        .parameters()
        .map((p) => String(p.device)),
    );
    add(cases, "[str(p.device) for p in net.to('meta').to_empty(device='cpu').parameters()]", (net) =>
      net
        .to('meta')
        .toEmpty({ device: 'cpu' })
        .parameters()
        .map((p) => String(p.device)),
    );
    fails(cases, 'net.to(torch.int64)', (net) => net.to('int64'));
    add(cases, 'net.half(); net.float(); return net.tied.weight.dtype', (net) => net.half().float().tied.weight.dtype);
    add(
      cases,
      'net.requires_grad_(False); net.first.requires_grad_(); return [p.requires_grad for p in net.parameters()]',
      (net) => {
        net.requiresGrad_(false).first.requiresGrad_();
        return net.parameters().map((p) => p.requiresGrad);
      },
    );
    add(
      cases,
      'net(x).sum().backward(); a = net.tied.weight.grad; net.double(); b = net.tied.weight.grad; net.zero_grad(False); c = net.tied.weight.grad; net.zero_grad(); return [a.dtype, b.dtype, c, net.tied.weight.grad]',
      (net, { x }) => {
        net(x).sum().backward();
        const a = net.tied.weight.grad!;
        net.double();
        const b = net.tied.weight.grad!;
        net.zeroGrad(false);
        const c = net.tied.weight.grad;
        net.zeroGrad();
        return [a.dtype, b.dtype, c, net.tied.weight.grad];
      },
    );
    add(cases, 'seen = []; net.apply(lambda m: seen.append(type(m).__name__)); return seen', (net) => {
      const seen: string[] = [];
      net.apply((m) => void seen.push(m.constructor.name));
      return seen;
    });
    add(cases, '[net(x), state(net)]', (net, { x }) => [net(x), net.stateDict()]);
    add(cases, 'net(x).square().sum().backward(); return [p.grad for p in net.parameters()]', (net, { x }) => {
      net(x).square().sum().backward();
      return net.parameters().map((p) => p.grad);
    });
    addFailure(cases, 'nn.Module()(x)', ({ x }) => new nn.Module()(x));
    add(cases, 'str(nn.Parameter(torch.ones(2)))', () => String(new nn.Parameter(torch.ones(2))));
    add(
      cases,
      'p = nn.Parameter(); return [p, p.requires_grad, nn.Parameter(torch.ones(1), False).requires_grad]',
      () => {
        const p = new nn.Parameter();
        return [p, p.requiresGrad, new nn.Parameter(torch.ones(1), false).requiresGrad];
      },
    );
    addFailure(cases, 'nn.Parameter(torch.ones(2, dtype=torch.int64))', () => {
      return new nn.Parameter(torch.ones([2], { dtype: 'int64' }));
    });
  });
}

export function state(cases: Cases): void {
  finding(cases);
  registering(cases);
  loading(cases);
  changing(cases);
}
