// A synchronous loop that makes tensors of 4 MB and lets go of them. Argument: how many.

import torch from '../dist/index.mjs';

const count = Number(process.argv[2]);
// ones() writes the memory: pages never written would not be resident.
for (let i = 0; i < count; i++) torch.ones(1000, 1000);
