// Writes samples for the notebook's function. Arguments: the .npy file, and the number of samples.

import torch from '../dist/index.mjs';

const [file, count] = process.argv.slice(2);
torch.manualSeed(0);
torch.npy.save(file, torch.rand(Number(count), 2).mul(2).sub(1));
