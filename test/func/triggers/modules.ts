/** The triggers of messages.json for the functions of modules. */

import * as torch from '../../../lib';

const { nn } = torch;
const { functionalCall, stackModuleState } = torch.func;

const linear = new nn.Linear(2, 2);
const w = torch.ones(2, 2);
const x = torch.ones(2);

class Tied extends nn.Module {
  a = new nn.Parameter(torch.ones(1));
  b = this.a;
  override forward(): torch.Tensor {
    return this.a.mul(0.5).add(this.b.mul(0.5));
  }
}

/** The call of a tied module whose parameters it must have again afterwards. */
function tied(params: Record<string, torch.Tensor>, options?: torch.func.FunctionalCallOptions): torch.Tensor {
  const module = new Tied();
  const { a } = module;
  try {
    return functionalCall(module, params, [], options);
  } finally {
    expect(module.a).toBe(a);
    expect(module.b).toBe(a);
  }
}

export const moduleTriggers: Record<string, () => unknown> = {
  'fc bad type': () => functionalCall(linear, 3 as never, x),
  'fc list non dict': () => functionalCall(linear, [3 as never], x),
  'fc repeated keys': () => functionalCall(linear, [{ weight: w }, { weight: w }], x),
  'fc strict missing': () => functionalCall(linear, { weight: w }, x, { strict: true }),
  'fc strict unexpected': () => functionalCall(linear, { weight: w, bias: x, zzz: x }, x, { strict: true }),
  'fc nonstrict unexpected': () => {
    expect(functionalCall(linear, { zzz: x }, x).toArray()).toEqual(linear(x).toArray());
    expect('zzz' in linear).toBe(false);
  },
  'fc unknown submodule': () => functionalCall(linear, { 'a.weight': w }, x),
  'fc tied conflict': () => tied({ a: torch.zeros(1), b: torch.ones(1) }),
  'fc tied one': () => expect(tied({ a: torch.zeros(1) }).toArray()).toEqual([0]),
  'fc tie false': () => expect(tied({ a: torch.zeros(1) }, { tieWeights: false }).toArray()).toEqual([0.5]),
  'fc value non tensor': () => functionalCall(linear, { weight: 1.5 as never }, x),
  'sms empty': () => stackModuleState([]),
  'sms train': () => stackModuleState([new nn.Linear(1, 1), new nn.Linear(1, 1).eval()]),
  'sms class': () => stackModuleState([new nn.Linear(1, 1), new nn.Identity()]),
  'sms requires_grad': () => stackModuleState([new nn.Linear(1, 1), new nn.Linear(1, 1).requiresGrad_(false)]),
};
