# The inputs of the rows: values between -2 and 2 from an integer hash, which inputs.mjs computes bit for bit alike.

import math

import numpy as np


def values(seed, *shape, dtype=np.float32):
    count = math.prod(shape)
    h = np.arange(1, count + 1, dtype=np.uint32) * np.uint32(0x9E3779B1)
    h ^= np.uint32(seed * 0x85EBCA6B & 0xFFFFFFFF)
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x7FEB352D)
    h = (h ^ (h >> np.uint32(15))) * np.uint32(0x846CA68B)
    h ^= h >> np.uint32(16)
    return (h.astype(np.float64) / 2**30 - 2).astype(dtype).reshape(shape)


def layers(make):
    """Weights and biases of the network; `make` turns an array into the peer's own kind."""
    sizes = ((128, 64), (128, 128), (32, 128))
    return [
        (make(values(40 + i, m, n) / np.float32(n**0.5)), make(values(50 + i, m))) for i, (m, n) in enumerate(sizes)
    ]


# The Denavit-Hartenberg parameters of a UR5, and the parts of a joint's matrix that are multiplied with the
# cosine and the sine of its angle, and the rest.
LENGTHS = [0, -0.425, -0.39225, 0, 0, 0]
OFFSETS = [0.089159, 0, 0, 0.10915, 0.09465, 0.0823]
COSINES = [0, 1, 1, 0, 0, 1]
SINES = [1, 0, 0, 1, -1, 0]


def joints():
    def matrices(rows):
        return np.array([rows(*parameters) for parameters in zip(LENGTHS, OFFSETS, COSINES, SINES)], np.float64)

    none = [0, 0, 0, 0]
    return (
        matrices(lambda a, d, c, s: [[1, 0, 0, a], [0, c, -s, 0], none, none]),
        matrices(lambda a, d, c, s: [[0, -c, s, 0], [1, 0, 0, a], none, none]),
        matrices(lambda a, d, c, s: [none, none, [0, s, c, d], [0, 0, 0, 1]]),
    )


def angles():
    return values(9, 100_000, 6, dtype=np.float64)
