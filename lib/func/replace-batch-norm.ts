/** `torch.func.replace_all_batch_norm_modules_`. */

import type { Module } from '../nn/module';
import { BatchNorm } from '../nn/modules/batch-norm';
import { checkModule } from './functional-call';

/**
 * Removes the running statistics of every batch norm in a module, because `vmap` cannot update them in place;
 * `torch.func.replace_all_batch_norm_modules_`. Changes the module in place and returns it.
 *
 * @example
 * ```ts
 * const net = new torch.nn.Sequential(new torch.nn.Linear(2, 3), new torch.nn.BatchNorm1d(3));
 * torch.func.replaceAllBatchNormModules_(net).buffers().length; // 0
 * torch.vmap(net)(torch.randn(4, 5, 2)).shape; // [4, 5, 3]
 * ```
 */
export function replaceAllBatchNormModules_<M extends Module>(root: M): M {
  checkModule('replaceAllBatchNormModules_', 'root', root);
  for (const module of root.modules()) {
    if (!(module instanceof BatchNorm) || !module.trackRunningStats) continue;
    module.runningMean = null;
    module.runningVar = null;
    module.numBatchesTracked = null;
    module.trackRunningStats = false;
  }
  return root;
}
