// Creates tensors of 4 MB in a synchronous loop and drops them. Argument: the number of tensors.

import torch from '../dist/index.mjs';

const count = Number(process.argv[2]);
// ones() writes the memory; pages that are never written are not resident.
for (let i = 0; i < count; i++) torch.ones(1000, 1000);
