"""Makes fixtures.json, the .npy files (in base64) that test/npy.test.ts reads, with NumPy.

Run by hand: python test/npy/make_fixtures.py > test/npy/fixtures.json
"""

import base64
import io
import json

import numpy as np


def encode(array, version=None):
    file = io.BytesIO()
    if version is None:
        np.save(file, array)
    else:
        np.lib.format.write_array(file, array, version=version)
    return base64.b64encode(file.getvalue()).decode()


KINDS = "? i1 u1 i2 i4 i8 u2 u4 u8 f2 f4 f8 c8 c16".split()

fixtures = {}
for kind in KINDS:
    for order in "<>":
        fixtures[order + kind] = encode(np.array([0, 1, 2, 100]).astype(order + kind))

cube = np.arange(24, dtype="<f4").reshape(4, 3, 2)
fixtures |= {
    "C": encode(cube),
    "F": encode(np.asfortranarray(cube)),
    "F >c16": encode(np.asfortranarray((cube[:, :, 0] * (1 + 2j)).astype(">c16"))),
    "F i2": encode(np.asfortranarray(cube.astype("<i2"))),
    "0-d": encode(np.array(2.5)),
    "empty": encode(np.zeros((0, 3), "f4")),
    "version 2": encode(cube[:1, :1], (2, 0)),
    "version 3": encode(cube[:1, :1], (3, 0)),
    "objects": encode(np.array([{}], dtype=object)),
    "structured": encode(np.zeros(1, dtype=[("a", "f4"), ("b", "i4")])),
    "strings": encode(np.array(["ab"])),
    "dates": encode(np.array(["2020-01-01"], dtype="M8[D]")),
    "long double": encode(np.array([1], dtype=np.longdouble)),
}
print(json.dumps(fixtures, indent=2))
