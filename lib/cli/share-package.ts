/**
 * Lets every module of this process that asks for 'torch-func' have this very instance, wherever on
 * disk it lies. Tensors and transforms of two instances would not know each other, and a function
 * file need not have the package among its dependencies.
 */

import Module from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { packageRoot } from './package-info';

const NAME = 'torch-func';

/** The entry that `require` gives, and that this program's own modules load. */
const commonJsEntry = path.join(packageRoot, 'dist', 'index.js');

/** The entry for `import`; it re-exports the other one. */
const esModuleUrl = pathToFileURL(path.join(packageRoot, 'dist', 'index.mjs')).href;

/** The resolve hook for `import` where Node.js runs hooks in a thread of their own. */
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

/** Parts of node:module that its declarations leave out or that not every version has. */
interface ModuleLoader {
  _resolveFilename?: (request: string, ...rest: unknown[]) => string;
  register?: (specifier: string, options: { data: unknown }) => void;
  registerHooks?: (hooks: {
    resolve(specifier: string, context: ResolveContext, next: NextResolve): Resolution;
  }) => unknown;
}

/** Answers requests for this package by Node.js's own loaders. For programs, to be called once. */
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
