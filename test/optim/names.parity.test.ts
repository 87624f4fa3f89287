/** Every public name of Python's namespaces for training exists here, in camel case. */

import * as torch from '../../lib';
import { python } from '../support/parity/files';

const { optim, nn } = torch;

const NAMESPACES: Readonly<Record<string, object>> = {
  'torch.optim': { ...optim, lrScheduler: null, swaUtils: null },
  'torch.optim.lr_scheduler': optim.lrScheduler,
  'torch.optim.swa_utils': optim.swaUtils,
  'torch.nn.utils': nn.utils,
  'torch.nn.utils.parametrizations': nn.utils.parametrizations,
  'torch.nn.utils.parametrize': nn.utils.parametrize,
};

/** What is left out, and why. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  clip_grad_norm: 'deprecated: clipGradNorm_',
  convert_conv2d_weight_memory_format: 'x.to({ memoryFormat }) of the weights',
  convert_conv3d_weight_memory_format: 'x.to({ memoryFormat }) of the weights',
  remove_spectral_norm: 'of the older spectral_norm',
  remove_weight_norm: 'of the older weight_norm',
  spectral_norm: 'the older one; parametrizations.spectralNorm',
  weight_norm: 'the older one; parametrizations.weightNorm',
};

const camelCase = (name: string): string =>
  name.replace(/(?<=[^_])_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

test.each(Object.entries(NAMESPACES))('%s', async (name, namespace) => {
  const names = await python<string[]>(
    '',
    `import importlib\nmodule = importlib.import_module("${name}")\nresult = [n for n in module.__all__ if not isinstance(getattr(module, n), type(torch))]`,
  );
  const isOlder = name === 'torch.nn.utils';
  const missing = names.filter((each) => !(camelCase(each) in namespace) && !(isOlder && each in LEFT_OUT));
  expect(names.length).toBeGreaterThan(2);
  expect(missing).toEqual([]);
});
