/** `torch.jit`: models of Python's TorchScript. */

export { load } from './load';
export type { LoadScriptOptions } from './load';
export { save } from './save';
export type { SaveScriptOptions } from './save';
export { ScriptModule } from './script-module';
