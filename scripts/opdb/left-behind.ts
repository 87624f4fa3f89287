/** What a case must not leave behind. */

import * as torch from 'torch-func';

/** Whether a transform or a dual level is still entered, by what it forbids or allows. */
export function leftBehind(): string | null {
  try {
    torch.zeros(1).requiresGrad_();
  } catch {
    return 'a level of a transform is left on the stack';
  }
  try {
    torch.autograd.forwardAd.makeDual(torch.zeros(1), torch.zeros(1));
    return 'a dual level is left open';
  } catch {
    return torch.isGradEnabled() ? null : 'grad mode is off';
  }
}
