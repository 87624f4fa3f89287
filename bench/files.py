# Weight files and programs that are read and written, in Python; files.mjs has the same under the same names.

import atexit
import os
import pathlib
import shutil
import tempfile

import numpy
import safetensors.torch
import torch

# 64 MB in tensors of 4 MB.
TENSORS, SIDE = 16, 1024
FIXTURES = pathlib.Path(__file__).parent.parent / "test" / "fixtures"

folder = None


def at(name):
    """A path of a file that is removed with the process; in memory, where there is such a folder."""
    global folder
    if folder is None:
        parent = "/dev/shm" if os.path.exists("/dev/shm") else None
        folder = tempfile.mkdtemp(prefix="torch-func-bench-", dir=parent)
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return os.path.join(folder, name)


def weights():
    return {f"layer{10 + i}": torch.linspace(-i, 1, SIDE * SIDE).view(SIDE, SIDE) for i in range(TENSORS)}


def reading(name, write, read):
    def case():
        write(weights(), at(name))
        return lambda: read(at(name))

    return case


def writing(name, write):
    def case():
        values = weights()

        def call():
            write(values, at(name))
            return torch.tensor(float(os.path.getsize(at(name)) > 4 * TENSORS * SIDE * SIDE))

        return call

    return case


def save_npz(values, file):
    numpy.savez(file, **{name: value.numpy() for name, value in values.items()})


def load_npz(file):
    with numpy.load(file) as arrays:
        return {name: torch.from_numpy(arrays[name]) for name in arrays.files}


def export_load():
    return lambda: [value.double() for value in torch.export.load(FIXTURES / "sample.pt2").state_dict.values()]


FILE_CASES = {
    "torchLoad": reading("a.pt", torch.save, torch.load),
    "torchSave": writing("b.pt", torch.save),
    "safetensorsLoad": reading("a.safetensors", safetensors.torch.save_file, safetensors.torch.load_file),
    "safetensorsSave": writing("b.safetensors", safetensors.torch.save_file),
    "npzLoad": reading("a.npz", save_npz, load_npz),
    "npzSave": writing("b.npz", save_npz),
    "exportLoad": export_load,
}
