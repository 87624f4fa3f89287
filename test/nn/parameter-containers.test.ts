/** ParameterList and ParameterDict. */

import * as torch from '../../lib';

const { nn } = torch;

describe('ParameterList', () => {
  test('registers tensors as parameters, and keeps other values', () => {
    const list = new nn.ParameterList<torch.Tensor | number>([torch.ones(2), new nn.Parameter(torch.zeros(3)), 4]);
    expect(list.namedParameters().map(([name]) => name)).toEqual(['0', '1']);
    expect(list[0]).toBeInstanceOf(nn.Parameter);
    expect(list.at(-1)).toBe(4);
    expect(list.length).toBe(3);
    expect([...list].length).toBe(3);
    expect(Object.keys(list.stateDict())).toEqual(['0', '1']);
  });

  test('append, extend and set', () => {
    const list = new nn.ParameterList([torch.ones(1)]);
    const weight = new nn.Parameter(torch.zeros(2));
    expect(list.append(weight).extend(list).length).toBe(4);
    expect(list[1]).toBe(weight);
    expect(list[3]).toBe(weight);
    expect(list.set(-1, torch.ones(5))[3].shape).toEqual([5]);
    expect(list.parameters().length).toBe(3);
  });

  test('is part of the module that holds it, and loads Python names', () => {
    class Net extends nn.Module {
      weights = new nn.ParameterList([torch.zeros(2), torch.zeros(2)]);
    }
    const net = new Net();
    net.loadStateDict({ 'weights.0': torch.ones(2), 'weights.1': torch.ones(2).mul(2) });
    expect(net.weights[1].toArray()).toEqual([2, 2]);
    expect(net.double().weights[0].dtype).toBe('float64');
  });

  test('errors', () => {
    const list = new nn.ParameterList([torch.ones(1)]);
    expect(() => list.at(1)).toThrow(
      expect.objectContaining({ name: 'IndexError', message: 'index 1 is out of range' }),
    );
    expect(() => list.set(-2, torch.ones(1))).toThrow('index -2 is out of range');
    expect(() => list.extend(torch.ones(2) as never)).toThrow('ParameterList.extend should be called with an iterable');
    expect(() => list.extend(3 as never)).toThrow(TypeError);
    expect(() => (list as unknown as () => void)()).toThrow('ParameterList should not be called.');
  });

  // The texts are those of Python's PyTorch.
  test('prints its values', () => {
    expect(String(new nn.ParameterList([torch.ones(2, 3)]))).toBe(
      'ParameterList(  (0): Parameter containing: [torch.float32 of size 2x3])',
    );
    expect(String(new nn.ParameterList<unknown>([torch.ones(2, 3), 3, new nn.Parameter(torch.ones(1))]))).toBe(
      'ParameterList(\n    (0): Parameter containing: [torch.float32 of size 2x3]\n    (1): Object of type: int\n    (2): Parameter containing: [torch.float32 of size 1]\n)',
    );
  });
});

describe('ParameterDict', () => {
  test('sorts the names of an object, and keeps the order of pairs', () => {
    const names = (dict: torch.nn.ParameterDict) => dict.namedParameters().map(([name]) => name);
    const [a, b] = [torch.ones(1), torch.zeros(2)];
    expect(names(new nn.ParameterDict({ b, a }))).toEqual(['a', 'b']);
    expect(
      names(
        new nn.ParameterDict([
          ['b', b],
          ['a', a],
        ]),
      ),
    ).toEqual(['b', 'a']);
    expect(
      names(
        new nn.ParameterDict(
          new Map([
            ['b', b],
            ['a', a],
          ]),
        ) as torch.nn.ParameterDict,
      ),
    ).toEqual(['b', 'a']);
  });

  test('is a map', () => {
    const dict = new nn.ParameterDict<torch.Tensor | string>({ a: torch.ones(1) });
    expect(dict.set('note', 'text').set('b', torch.zeros(2)).size).toBe(3);
    expect(dict.keys()).toEqual(['a', 'note', 'b']);
    expect(dict.get('b')).toBeInstanceOf(nn.Parameter);
    expect(dict.get('c')).toBeUndefined();
    expect(dict.has('toString')).toBe(false);
    expect(dict.pop('note')).toBe('text');
    expect(dict.setDefault('a', 'other')).toBeInstanceOf(nn.Parameter);
    expect(dict.delete('a')).toBe(true);
    expect(dict.delete('a')).toBe(false);
    expect(dict.parameters().length).toBe(1);
    const copy = dict.copy();
    dict.clear();
    expect([dict.size, copy.size, [...copy][0][0], copy.values().length, copy.entries().length]).toEqual([
      0,
      1,
      'b',
      1,
      1,
    ]);
  });

  test('errors', () => {
    const dict = new nn.ParameterDict<unknown>();
    expect(() => dict.set('keys', torch.ones(1))).toThrow(expect.objectContaining({ name: 'KeyError' }));
    expect(() => dict.set('keys', 3)).toThrow("attribute 'keys' already exists");
    expect(() => dict.set('a.b', torch.ones(1))).toThrow('parameter name can\'t contain "."');
    expect(() => dict.set(3 as never, 3)).toThrow(TypeError);
    expect(() => dict.update(3 as never)).toThrow('ParameterDict.update should be called with an object of parameters');
    expect(() => dict.update([['a']] as never)).toThrow('ParameterDict update sequence element #0 should be a pair');
    expect(() => dict.pop('a')).toThrow("ParameterDict has no value 'a'");
    expect(() => (dict as unknown as () => void)()).toThrow('ParameterDict should not be called.');
  });

  test('prints its values', () => {
    const dict = new nn.ParameterDict<unknown>({ b: torch.ones(2, 3), a: torch.ones([]) }).set('n', 5);
    expect(String(dict)).toBe(
      'ParameterDict(\n    (a): Parameter containing: [torch.FloatTensor of size ]\n    (b): Parameter containing: [torch.FloatTensor of size 2x3]\n    (n): Object of type: int\n)',
    );
  });
});
