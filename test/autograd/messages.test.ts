/**
 * The errors that PyTorch raises, and the calls that it accepts: messages.json holds what 155 triggers
 * gave on PyTorch 2.13, the tables beside this file the same triggers here.
 */

import { testMessages } from '../support/messages';
import type { Difference } from '../support/messages';
import { functionalTriggers } from './triggers/functional';
import { gradTriggers } from './triggers/grad';
import { impossible } from './triggers/impossible';
import rows from './messages.json';

// Names of options, values and types as they are written here; libtorch's own messages stay as they are.
const TRANSLATIONS: [RegExp | string, string][] = [
  ['retain_graph=True', 'retainGraph=true'],
  ['has requires_grad=False', 'has requiresGrad=false'],
  [/\brequires_grad=True/g, 'requiresGrad=true'],
  [/\bcreate_graph\b/g, 'createGraph'],
  [/\ballow_unused\b/g, 'allowUnused'],
  [/\bmaterialize_grads\b/g, 'materializeGrads'],
  [/\bis_grads_batched\b/g, 'isGradsBatched'],
  [/\bin_dim(s?)\b/g, 'inDim$1'],
  [/\bvectorized=/g, 'vectorize='],
  [/\b(createGraph|strict|vectorize|allowUnused|materializeGrads|isGradsBatched)=True/g, '$1=true'],
  [/\b(createGraph|strict|vectorize|allowUnused|materializeGrads|isGradsBatched)=False/g, '$1=false'],
  ['to be True', 'to be true'],
  ['enter_dual_level()', 'enterDualLevel()'],
  ['only be None', 'only be null'],
  ['or None', 'or null'],
  ["<class 'float'>", 'number'],
  ['but got float', 'but got number'],
  ['mappingproxy', 'Map'],
];

const DIFFERENT: Record<string, Difference> = {
  'ag.grad batched shape mismatch': {
    because: 'PyTorch removes the batch dimension of the shape twice',
    message:
      'If `isGradsBatched=true`, we interpret the first dimension of each grad_output as the batch dimension. The sizes of the remaining dimensions are expected to match the shape of corresponding output, but a mismatch was detected: grad_output[0] has a shape of torch.Size([4])',
  },
  'ag.grad saved modified': {
    because: 'the Python type of a tensor is not known to libtorch',
    message:
      'one of the variables needed for gradient computation has been modified by an inplace operation: [CPUFloatType [3]], which is output 0 of Add, is at version 1; expected version 0 instead.',
  },
  'jac empty out': {
    because: 'the Jacobian of an output without elements is empty; PyTorch stacks its rows',
    exception: 'NO ERROR',
    message: '',
  },
};

testMessages({
  rows,
  triggers: { ...gradTriggers, ...functionalTriggers },
  impossible,
  different: DIFFERENT,
  translations: TRANSLATIONS,
});
