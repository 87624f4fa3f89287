// Finds the C++ compiler and CMake, and checks their versions.

import { run, which } from './commands.mjs';
import { SetupFailure } from './failure.mjs';

const minimum = { cmake: [3, 20], 'g++': [11, 0], 'clang++': [14, 0] };

/**
 * Finds the tools of the build, or throws an error that says what is missing.
 *
 * @returns {Promise<{ cmake: string, cmakeVersion: string, compiler: string, compilerVersion: string, generator: string }>}
 */
export async function findToolchain(env = process.env) {
  const cmake = await findCMake(env);
  const compiler = await findCompiler(env);
  const ninja = which('ninja', env);
  const make = which('make', env);
  if (!ninja && !make) {
    throw new SetupFailure('neither ninja nor make was found', {
      tried: ['ninja on PATH: not there', 'make on PATH: not there'],
      advice: [install('make', 'make')],
    });
  }
  return { ...cmake, ...compiler, generator: ninja ? 'Ninja' : 'Unix Makefiles' };
}

/** @param {NodeJS.ProcessEnv} env */
async function findCMake(env) {
  const program = which('cmake', env);
  const needed = minimum.cmake.join('.');
  if (!program) {
    throw new SetupFailure('CMake was not found', {
      tried: ['cmake on PATH: not there'],
      advice: [install('cmake', 'cmake'), `or put CMake ${needed} or newer on PATH (https://cmake.org/download)`],
    });
  }
  const version =
    (await run(program, ['--version'], { env })).stdout.match(/version (\d+(?:\.\d+)*)/)?.[1] ?? 'unknown';
  if (!atLeast(version, minimum.cmake)) {
    throw new SetupFailure(`CMake ${version} is too old`, {
      tried: [`${program}: version ${version}, ${needed} or newer is needed`],
      advice: [`put CMake ${needed} or newer first on PATH (https://cmake.org/download, or 'pip install cmake')`],
    });
  }
  return { cmake: program, cmakeVersion: version };
}

/** @param {NodeJS.ProcessEnv} env */
async function findCompiler(env) {
  const tried = [];
  const names = env.CXX ? [env.CXX] : ['g++', 'c++', 'clang++'];
  for (const name of names) {
    const program = which(name, env);
    if (!program) {
      tried.push(`${name}${env.CXX ? ' (from CXX)' : ' on PATH'}: not there`);
      continue;
    }
    const result = await run(program, ['-dM', '-E', '-x', 'c++', '/dev/null'], { env });
    const macros = result.stdout;
    if (!result.ok) {
      tried.push(`${program}: does not run (${result.error?.message ?? result.stderr.trim().split('\n')[0]})`);
      continue;
    }
    const clang = /__clang_major__ (\d+)/.exec(macros);
    const kind = clang ? 'clang++' : 'g++';
    const major = clang ? clang[1] : /__GNUC__ (\d+)/.exec(macros)?.[1];
    const minor = (clang ? /__clang_minor__ (\d+)/ : /__GNUC_MINOR__ (\d+)/).exec(macros)?.[1];
    const version = `${major}.${minor}`;
    const apple = macros.includes('__apple_build_version__');
    if (!atLeast(version, apple ? [14, 0] : minimum[kind])) {
      tried.push(`${program}: ${kind} ${version}, ${minimum[kind].join('.')} or newer is needed for C++20`);
      continue;
    }
    return { compiler: program, compilerVersion: `${kind} ${version}` };
  }
  throw new SetupFailure('no suitable C++ compiler was found', {
    tried,
    advice: [
      process.platform === 'darwin'
        ? "install Apple's command line tools: xcode-select --install"
        : install('g++', 'g++'),
      `or set CXX to g++ ${minimum['g++'].join('.')} or newer, or clang++ ${minimum['clang++'].join('.')} or newer`,
    ],
  });
}

/** @param {string} version @param {number[]} needed */
function atLeast(version, needed) {
  const parts = version.split('.').map(Number);
  for (let i = 0; i < needed.length; i++) {
    if ((parts[i] ?? 0) !== needed[i]) return (parts[i] ?? 0) > needed[i];
  }
  return true;
}

/** @param {string} debian @param {string} brew */
function install(debian, brew) {
  return process.platform === 'darwin'
    ? `install it: brew install ${brew}`
    : `install it, on Debian or Ubuntu: apt-get install ${debian}`;
}
