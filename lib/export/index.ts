/** `torch.export`: programs that Python's PyTorch exported, or that are recorded for it. */

export { ExportedModule } from './exported-module';
export { ExportedProgram } from './exported-program';
export { exportProgram as export } from './export';
export type { ExportOptions } from './export';
export type { DynamicShapes } from './dynamic-shapes';
export type { Range } from './constraints';
export { load } from './load';
export type { LoadProgramOptions } from './load';
export type { GraphSignature, InputSpec, OutputSpec } from './signature';
export { save } from './save';
export type { SaveProgramOptions } from './save';
