/** Checks that a case restored the global state: transform levels, dual levels and grad mode. */

import * as torch from 'torch-func';

/** Describes what is still active, or returns null. A level is detected by the operations that it forbids or allows. */
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
