/** Modules as objects: containers, names, callables, scopes; what Python has no counterpart for, or says otherwise. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';

const { nn } = torch;
const sizes = (list: Iterable<torch.nn.Module>): number[] =>
  [...list].map((module) => (module as torch.nn.Linear).outFeatures);
const linear = (size: number): torch.nn.Linear => new nn.Linear(1, size);

describe.each([
  ['ModuleList', (modules: torch.nn.Linear[]) => new nn.ModuleList<torch.nn.Module>(modules)],
  ['Sequential', (modules: torch.nn.Linear[]) => new nn.Sequential(...modules)],
])('%s', (_, make) => {
  test('is an array in what it gives', () => {
    const list = make([1, 2, 3].map(linear));
    expect(list.length).toBe(3);
    expect(sizes([list[0], list.at(-1), list.at(1)])).toEqual([1, 3, 2]);
    expect(list[3]).toBeUndefined();
    expect(() => list.at(3)).toThrow(new torch.IndexError('index 3 is out of range'));
    expect(() => list.at(0.5)).toThrow(torch.IndexError);
  });

  test('grows and shrinks, and numbers its modules anew', () => {
    const list = make([1, 2].map(linear));
    expect(list.append(linear(3)).extend([linear(4)])).toBe(list);
    list.insert(0, linear(0)).insert(-1, linear(9)).insert(6, linear(5));
    expect(sizes(list)).toEqual([0, 1, 2, 3, 9, 4, 5]);
    expect(sizes([list.pop(4), list.pop(), list.pop(0)])).toEqual([9, 5, 0]);
    expect(sizes(list)).toEqual([1, 2, 3, 4]);
    expect(list.namedChildren().map(([name]) => name)).toEqual(['0', '1', '2', '3']);
    list[1] = linear(7);
    expect(sizes(list)).toEqual([1, 7, 3, 4]);
    expect(() => list.insert(5, linear(1))).toThrow(new torch.IndexError('Index out of range: 5'));
    expect(() => list.insert(0, 3 as never)).toThrow(torch.AssertionError);
    expect(() => make([]).pop()).toThrow(torch.IndexError);
  });

  test('refuses what is no module', () => {
    expect(() => make([]).append(torch.ones(1) as never)).toThrow(
      new TypeError('torch.FloatTensor is not a Module subclass'),
    );
    expect(() => make([]).extend(3 as never)).toThrow(/extend should be called with an iterable, but got number/);
  });

  test('holds a module twice', () => {
    const module = linear(2);
    const list = make([module, linear(3), module]);
    expect(sizes(list)).toEqual([2, 3, 2]);
    expect(list.children()).toHaveLength(2);
    expect(list.parameters()).toHaveLength(4);
  });
});

test('ModuleList prints like modules in a row once', () => {
  const list = new nn.ModuleList([linear(2), linear(2), linear(3), new nn.Sequential(new nn.ReLU())]);
  expect(String(list)).toBe(`ModuleList(
  (0-1): 2 x Linear(in_features=1, out_features=2, bias=True)
  (2): Linear(in_features=1, out_features=3, bias=True)
  (3): Sequential(
    (0): ReLU()
  )
)`);
  expect(String(new nn.ModuleList())).toBe('ModuleList()');
});

test('ModuleDict is a map of modules', () => {
  const dict = new nn.ModuleDict({ a: linear(1), b: linear(2) });
  dict.set('c', linear(3)).update([['a', linear(4)]]);
  dict.update(new nn.ModuleDict({ d: linear(5) }));
  expect(dict.keys()).toEqual(['a', 'b', 'c', 'd']);
  expect(sizes(dict.values())).toEqual([4, 2, 3, 5]);
  expect([dict.size, dict.has('b'), dict.has('size'), dict.get('x')]).toEqual([4, true, false, undefined]);
  expect([dict.delete('b'), dict.delete('b')]).toEqual([true, false]);
  expect([...dict].map(([name]) => name)).toEqual(['a', 'c', 'd']);
  expect(() => dict.set('x.y', linear(1))).toThrow(torch.KeyError);
  expect(() => dict.set('keys', linear(1))).toThrow(new torch.KeyError("attribute 'keys' already exists"));
  dict.clear();
  expect(dict.parameters()).toEqual([]);
});

describe('a module is a function', () => {
  class Named extends nn.Module {
    override name = new nn.Parameter(torch.ones(1));
    override length = new nn.Parameter(torch.ones(2));
    #secret = 2;
    override forward(x: Tensor): Tensor {
      return x.mul(this.#secret).mul(this.name);
    }
  }

  test('whose own names are free for parameters', () => {
    const named = new Named();
    // In the order of any function's properties.
    expect(named.namedParameters().map(([name]) => name)).toEqual(['length', 'name']);
    expect(named(torch.ones(1)).item()).toBe(2);
    const assigned = new nn.Module();
    Object.assign(assigned, { name: new nn.Parameter(), length: linear(1) });
    expect(Object.keys(assigned.stateDict())).toEqual(['name', 'length.weight', 'length.bias']);
    assigned.registerBuffer('apples', torch.ones(1));
    expect(new nn.Module().registerBuffer('length', torch.ones(1)).item()).toBe(1);
  });

  test('with the name of its class, and methods of modules, not of functions', () => {
    const net = linear(1);
    expect([typeof net, net.name, (net as { bind?: unknown }).bind, net instanceof Function]).toEqual([
      'function',
      'Linear',
      undefined,
      false,
    ]);
    expect(net.constructor).toBe(nn.Linear);
    expect(Object.keys(net)).toEqual(['training', 'inFeatures', 'outFeatures', 'weight', 'bias']);
  });

  test('that transforms take', () => {
    const net = new nn.Sequential(linear(2), new nn.Tanh());
    expect(torch.vmap(net)(torch.ones(5, 1)).shape).toEqual([5, 2]);
    expect(torch.func.jacrev(net)(torch.ones(1)).shape).toEqual([2, 1]);
  });
});

describe('parameters and buffers', () => {
  test('a parameter shares the data of its tensor, and operators make tensors of it', () => {
    const data = torch.zeros(2);
    const parameter = new nn.Parameter(data);
    torch.noGrad(() => parameter.add_(1));
    expect(data.toArray()).toEqual([1, 1]);
    expect(parameter).toBeInstanceOf(torch.Tensor);
    expect(parameter.mul(2)).not.toBeInstanceOf(nn.Parameter);
    expect(`${parameter}`).toBe('Parameter containing:\ntensor([1., 1.], requires_grad=True)');
    expect(() => new nn.Parameter([1, 2] as never)).toThrow("Parameter(): argument 'data' must be Tensor, not array");
    expect(() => new nn.Parameter(data, { requires_grad: false } as never)).toThrow(
      "Parameter(): unknown option 'requires_grad'; the options are requiresGrad",
    );
  });

  test('what is assigned to a buffer before the module was looked at stays a buffer', () => {
    class Mean extends nn.Module {
      mean: Tensor = new nn.Buffer(torch.zeros(1));
      override forward(x: Tensor): Tensor {
        return (this.mean = this.mean.add(x));
      }
    }
    const net = new Mean();
    net(torch.ones(1));
    expect(net.namedBuffers().map(([name, value]) => [name, value.item()])).toEqual([['mean', 1]]);
  });

  test('a scope keeps the tensors of a module that it returns', () => {
    class Net extends nn.Module {
      layers = [linear(1)];
      first = this.registerModule('inner', linear(2));
      plain = torch.ones(1);
    }
    const { net } = torch.scope(() => ({ net: new Net() }));
    expect([net.plain, ...net.parameters()].map((tensor) => tensor.isDisposed)).toEqual([false, false, false]);
    // An array is no module: use a ModuleList.
    expect(net.layers[0].weight.isDisposed).toBe(true);
  });

  test('a wrong value is an error when the module is looked at', () => {
    const net = linear(1);
    net.parameters();
    Object.assign(net, { weight: torch.ones(1) });
    expect(() => net.parameters()).toThrow(
      new TypeError("cannot assign 'torch.FloatTensor' as parameter 'weight' (torch.nn.Parameter or null expected)"),
    );
  });
});
