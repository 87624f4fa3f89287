# What a benchmark compares of a result, which may be large.

import torch
from torch.utils import _pytree as pytree


def sums(result):
    """The sum of the absolute values of each tensor in a result."""
    return [leaf.abs().sum(dtype=torch.float64).item() for leaf in pytree.tree_leaves(result)]
