# The UR5's batch Jacobians in CasADi: with its virtual machine, or as C that the machine's compiler translates.
# Threads share the samples, and CasADi reads and writes memory of NumPy, which is its fastest interface.

import os
import shutil
import subprocess
import tempfile

import casadi
import numpy as np

import inputs


def jacobian():
    q = casadi.SX.sym("q", 6)
    pose = casadi.SX.eye(4)
    for i, parameters in enumerate(zip(inputs.LENGTHS, inputs.OFFSETS, inputs.COSINES, inputs.SINES)):
        a, d, cosine, sine = parameters
        c, s = casadi.cos(q[i]), casadi.sin(q[i])
        rows = [
            [c, -s * cosine, s * sine, a * c],
            [s, c * cosine, -c * sine, a * s],
            [0, sine, cosine, d],
            [0, 0, 0, 1],
        ]
        pose = pose @ casadi.vertcat(*(casadi.horzcat(*row) for row in rows))
    # CasADi stores matrices by columns: this is the pose's first three rows, one after the other.
    elements = casadi.vec(pose[:3, :].T)
    return casadi.Function("pose_jacobian", [q], [casadi.densify(casadi.jacobian(elements, q))])


def compiler():
    return os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")


def compile_c(function):
    folder = tempfile.mkdtemp(prefix="torch-func-casadi-")
    try:
        generator = casadi.CodeGenerator("pose_jacobian.c")
        generator.add(function)
        generator.generate(f"{folder}/")
        source, library = f"{folder}/pose_jacobian.c", f"{folder}/pose_jacobian.so"
        flags = ["-O3", "-march=native", "-shared", "-fPIC"]
        subprocess.run([*compiler().split(), *flags, source, "-o", library, "-lm"], check=True)
        return casadi.external("pose_jacobian", library)
    finally:
        shutil.rmtree(folder)


class VirtualMachine:
    def __init__(self, device):
        if device != "cpu":
            raise ImportError("CasADi computes on the CPU only")
        self.device = device
        self.threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        self.rows = {"ur5-jacfwd": self.robot_arm, "ur5-jacrev": self.robot_arm}

    def function(self):
        return jacobian()

    def robot_arm(self):
        q = inputs.angles()
        state = []

        def call():
            if not state:
                count = len(q)
                mapped = self.function().map(count, "thread", self.threads)
                result = np.empty((count, 72))
                buffer, run = mapped.buffer()
                buffer.set_arg(0, memoryview(q.reshape(-1)))
                buffer.set_res(0, memoryview(result.reshape(-1)))
                state.extend((result, run, buffer, mapped))
            state[1]()
            return state[0]

        return call

    def describe(self):
        return {"CasADi": casadi.__version__}, self.threads

    def first_use(self):
        x = casadi.SX.sym("x")
        casadi.Function("first_use", [x], [casadi.sin(x)])(1)

    def arrays(self, result):
        return [np.ascontiguousarray(result.reshape(-1, 6, 3, 4).transpose(0, 2, 3, 1))]


class CompiledC(VirtualMachine):
    def __init__(self, device):
        if not compiler():
            raise ImportError("no C compiler")
        super().__init__(device)

    def function(self):
        return compile_c(jacobian())
