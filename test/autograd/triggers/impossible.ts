/** Rows of messages.json that have no counterpart in TypeScript. */

const LIST = 'there is one kind of array: it is what a tuple is in PyTorch, and accepted';

export const impossible: Record<string, string> = {
  'backward both': 'grad_variables is a deprecated name of grad_tensors, and not offered',
  'vjp inputs list': LIST,
  'jvp inputs list': LIST,
  'jacobian inputs list': LIST,
  'hessian inputs list': LIST,
  'vhp inputs list': LIST,
  'hvp inputs list': LIST,
};
