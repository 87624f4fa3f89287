/** `torch.autograd.graph.GradientEdge`: a place in the graph. */

import { native } from '../native';
import type { EdgeOfGraph } from '../native';
import type { Tensor } from '../tensor';
import { checkTensor } from '../tensor-arguments';
import { RuntimeError } from '../errors';
import { GraphNode } from './node';

/**
 * The place in the graph where the gradient of a tensor arrives: a node, and the index among its gradients. It keeps the
 * graph alive, but not the tensor. {@link getGradientEdge} makes it.
 */
export class GradientEdge {
  /** The node: the one that computed the tensor, or that accumulates into the leaf. */
  readonly node: GraphNode;
  /** The index of the gradient among those that the node receives. */
  readonly outputNr: number;
  /** @internal What the engine takes. */
  readonly edge: EdgeOfGraph;

  /** @internal Use {@link getGradientEdge}. */
  constructor(edge: EdgeOfGraph) {
    this.node = new GraphNode(edge[0]);
    this.outputNr = edge[1];
    this.edge = edge;
    Object.defineProperty(this, 'edge', { enumerable: false });
  }
}

/** A place in the graph: a tensor with a gradient, or the edge where its gradient arrives. */
export type TensorOrEdge = Tensor | GradientEdge;

/** A tensor as it is, and a gradient edge in the form that the engine expects. */
export function toPlace(place: TensorOrEdge): Tensor | EdgeOfGraph {
  return place instanceof GradientEdge ? place.edge : place;
}

/**
 * The place of a tensor in the graph; `torch.autograd.graph.get_gradient_edge`. {@link grad} and {@link backward} take it
 * as an output and among `inputs`: the gradient with respect to a tensor that is changed in place, or that need not be
 * kept.
 *
 * @throws RuntimeError if the tensor requires no gradient.
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * const x = torch.tensor(2, { requiresGrad: true });
 * const y = x.mul(3);
 * const edge = torch.autograd.graph.getGradientEdge(y);
 * y.mul_(5);
 * torch.autograd.grad(y, edge, { retainGraph: true })[0].item(); // 5: with respect to the value before mul_
 * torch.autograd.grad(edge, x)[0].item(); // 3: of the value before mul_
 * ```
 */
export function getGradientEdge(tensor: Tensor): GradientEdge {
  checkTensor('getGradientEdge', 'tensor', tensor);
  if (!tensor.requiresGrad) {
    throw new RuntimeError('It is not possible to get the gradient edge for a Tensor that does not require gradients');
  }
  return new GradientEdge(native.gradientEdge(tensor));
}
