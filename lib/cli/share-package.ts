/**
 * Resolves 'torch-func' to this instance of the package in every module of this process. Tensors and
 * transforms of two instances are incompatible, and the project of a function file need not depend on the
 * package.
 */

import Module from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { packageRoot } from './package-info';

const NAME = 'torch-func';

/** The entry for `require`, and for the modules of this program. */
const commonJsEntry = path.join(packageRoot, 'dist', 'index.js');

/** The entry for `import`, which re-exports the other one. */
const esModuleUrl = pathToFileURL(path.join(packageRoot, 'dist', 'index.mjs')).href;

/** The resolve hook for `import` in versions of Node.js that run hooks in a separate thread. */
const HOOKS = `
  let url;
  export async function initialize(data) { url = data; }
  export async function resolve(specifier, context, nextResolve) {
    return specifier === '${NAME}' ? { url, shortCircuit: true } : nextResolve(specifier, context);
  }`;

interface ResolveContext {
  readonly conditions: readonly string[];
}

interface Resolution {
  readonly url: string;
  readonly shortCircuit?: boolean;
}

type NextResolve = (specifier: string, context: ResolveContext) => Resolution;

/** Parts of node:module that are undocumented or missing in some versions. */
interface ModuleLoader {
  _resolveFilename?: (request: string, ...rest: unknown[]) => string;
  register?: (specifier: string, options: { data: unknown }) => void;
  registerHooks?: (hooks: {
    resolve(specifier: string, context: ResolveContext, next: NextResolve): Resolution;
  }) => unknown;
}

/** Installs the hooks in Node.js's own loaders. Programs call it once. */
export function sharePackage(): void {
  const loader = Module as unknown as ModuleLoader;
  if (loader.registerHooks !== undefined) {
    loader.registerHooks({
      resolve(specifier, context, next) {
        if (specifier !== NAME) return next(specifier, context);
        const url = context.conditions.includes('require') ? pathToFileURL(commonJsEntry).href : esModuleUrl;
        return { url, shortCircuit: true };
      },
    });
    return;
  }
  const resolve = loader._resolveFilename;
  if (resolve !== undefined) {
    loader._resolveFilename = (request, ...rest) =>
      request === NAME ? commonJsEntry : resolve.call(Module, request, ...rest);
  }
  loader.register?.(`data:text/javascript,${encodeURIComponent(HOOKS)}`, { data: esModuleUrl });
}
