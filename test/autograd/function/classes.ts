/** The custom functions of classes.py. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';

const { Function: Base, onceDifferentiable } = torch.autograd;
type Ctx = torch.autograd.FunctionCtx;

export class Cube extends Base {
  static override generateVmapRule = true;
  static override forward(x: Tensor) {
    return x.pow(3);
  }
  static override setupContext(ctx: Ctx, inputs: [Tensor]) {
    ctx.saveForBackward(...inputs);
    ctx.saveForForward(...inputs);
  }
  static override backward(ctx: Ctx, g: Tensor) {
    return ctx.savedTensors[0].pow(2).mul(3).mul(g);
  }
  static override jvp(ctx: Ctx, t: Tensor) {
    return ctx.savedTensors[0].pow(2).mul(3).mul(t);
  }
}

export class OldCube extends Base {
  static override forward(ctx: Ctx, x: Tensor) {
    ctx.saveForBackward(x);
    ctx.saveForForward(x);
    return x.pow(3);
  }
  static override backward = Cube.backward;
  static override jvp = Cube.jvp;
}

export class OwnVmap extends Cube {
  static override generateVmapRule = false;
  static override vmap(info: torch.autograd.VmapInfo, inDims: [number], x: Tensor): [Tensor, number] {
    // Only this rule puts the batch last.
    return [OwnVmap.apply(x.movedim(inDims[0], -1)), -1];
  }
}

/** Two tensors and a number; the second is broadcast. */
export class ScaledMul extends Base {
  static override generateVmapRule = true;
  static override forward(x: Tensor, k: number, y: Tensor) {
    return x.mul(k).mul(y);
  }
  static override setupContext(ctx: Ctx & { k: number }, [x, k, y]: [Tensor, number, Tensor]) {
    ctx.k = k;
    ctx.saveForBackward(x, y);
    ctx.saveForForward(x, y);
  }
  static override backward(ctx: Ctx & { k: number }, g: Tensor) {
    const [x, y] = ctx.savedTensors;
    return [ctx.needsInputGrad[0] ? g.mul(ctx.k).mul(y) : null, null, g.mul(ctx.k).mul(x).sumToSize(y.shape)];
  }
  static override jvp(ctx: Ctx & { k: number }, dx: Tensor, _: null, dy: Tensor) {
    const [x, y] = ctx.savedTensors;
    return dx.mul(y).add(x.mul(dy)).mul(ctx.k);
  }
}

/** Two outputs, saved themselves. */
export class SinCos extends Base {
  static override generateVmapRule = true;
  static override forward(x: Tensor): [Tensor, Tensor] {
    return [x.sin(), x.cos()];
  }
  static override setupContext(ctx: Ctx, _: [Tensor], output: [Tensor, Tensor]) {
    ctx.saveForBackward(...output);
    ctx.saveForForward(...output);
  }
  static override backward(ctx: Ctx, gs: Tensor, gc: Tensor) {
    const [s, c] = ctx.savedTensors;
    return gs.mul(c).sub(gc.mul(s));
  }
  static override jvp(ctx: Ctx, t: Tensor) {
    const [s, c] = ctx.savedTensors;
    return [t.mul(c), t.neg().mul(s)];
  }
}

/** Knows the shape of one sample only. */
export class Total extends Base {
  static override generateVmapRule = true;
  static override forward(x: Tensor) {
    return x.sum();
  }
  static override setupContext(ctx: Ctx & { shape: number[] }, [x]: [Tensor]) {
    ctx.shape = x.shape;
  }
  static override backward(ctx: Ctx & { shape: number[] }, g: Tensor) {
    return g.expand(ctx.shape);
  }
  static override jvp(_: Ctx, t: Tensor) {
    return t.sum();
  }
}

/** One output has no gradient. */
export class Sorted extends Base {
  static override generateVmapRule = true;
  static override forward(x: Tensor): [Tensor, Tensor] {
    const { values, indices } = x.sort();
    return [values, indices];
  }
  static override setupContext(ctx: Ctx, _: [Tensor], [, indices]: [Tensor, Tensor]) {
    ctx.markNonDifferentiable(indices);
    ctx.saveForBackward(indices);
    ctx.saveForForward(indices);
  }
  static override backward(ctx: Ctx, g: Tensor) {
    return torch.zerosLike(g).scatter(-1, ctx.savedTensors[0], g);
  }
  static override jvp(ctx: Ctx, t: Tensor) {
    return [t.gather(-1, ctx.savedTensors[0]), null];
  }
}

/** In place. */
export class Double_ extends Base {
  static override forward(x: Tensor) {
    return x.mul_(2);
  }
  static override setupContext(ctx: Ctx, [x]: [Tensor]) {
    ctx.markDirty(x);
  }
  static override backward(_: Ctx, g: Tensor) {
    return g.mul(2);
  }
  static override jvp(_: Ctx, t: Tensor) {
    return t.mul_(2);
  }
}

export class Once extends Cube {
  static override backward = onceDifferentiable((ctx: Ctx, g: Tensor) => ctx.savedTensors[0].pow(2).mul(3).mul(g));
}

/** Returns what it got, and things that are no tensors. */
export class Same extends Base {
  static override forward(x: Tensor, y: Tensor): [Tensor, number, null, Tensor] {
    return [x, 7, null, y];
  }
  static override setupContext() {
    // nothing
  }
  static override backward(_: Ctx, gx: Tensor, seven: null, none: null, gy: Tensor) {
    if (seven !== null || none !== null) throw new Error('gradients of what is no tensor');
    return [gx.mul(2), gy.mul(3)];
  }
}
