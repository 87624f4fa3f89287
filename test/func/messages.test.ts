/**
 * The errors that PyTorch raises, and the calls that it accepts: messages.json holds what 198 triggers
 * gave on PyTorch 2.13, the tables beside this file the same triggers here.
 */

import { testMessages } from '../support/messages';
import rows from './messages.json';
import { customFunctionTriggers } from './triggers/custom-functions';
import { derivativeTriggers } from './triggers/derivatives';
import { jacobianTriggers } from './triggers/jacobians';
import { different, impossible, remedies, translations } from './triggers/outcomes';
import { moduleTriggers } from './triggers/modules';
import { rearrangeTriggers } from './triggers/rearrange';
import { savedTensorTriggers } from './triggers/saved-tensors';
import { vmapTriggers } from './triggers/vmap';

testMessages({
  rows,
  triggers: {
    ...vmapTriggers,
    ...derivativeTriggers,
    ...jacobianTriggers,
    ...moduleTriggers,
    ...customFunctionTriggers,
    ...rearrangeTriggers,
    ...savedTensorTriggers,
  },
  impossible,
  different,
  remedies,
  translations,
});
