/** `torch.export`: models that Python's PyTorch exported. */

export { ExportedModule } from './exported-module';
export { ExportedProgram } from './exported-program';
export type { Range } from './constraints';
export { load } from './load';
export type { LoadProgramOptions } from './load';
export type { GraphSignature, InputSpec, OutputSpec } from './signature';
