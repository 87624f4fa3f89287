/** `torch.fx`: graphs of recorded functions. */

export { Graph, Node } from './graph';
export type { Argument, NodeMeta, NodeOp, Target } from './graph';
export type { GraphModule } from './graph-module';
export { makeFx } from './make-fx';
