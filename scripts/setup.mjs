#!/usr/bin/env node
// The setup: npm's packages, libtorch, the addon, the TypeScript. Each step is skipped if it is up to date. It uses no
// packages, because it runs before node_modules exists.

import fs from 'node:fs';
import path from 'node:path';
import { buildAddon } from './setup/build.mjs';
import { readEnvironment, variables } from './setup/environment.mjs';
import { SetupFailure, explain } from './setup/failure.mjs';
import { findLibtorch } from './setup/libtorch.mjs';
import { installPackages } from './setup/npm.mjs';
import { prepareNvrtc } from './setup/nvrtc.mjs';
import { root } from './setup/project.mjs';
import { preparePython } from './setup/python-environment.mjs';
import { Report, since } from './setup/report.mjs';
import { compileTypeScript } from './setup/typescript.mjs';

const steps = ['npm', 'native', 'typescript', 'python'];

function usage() {
  const width = Math.max(...variables.map(({ name }) => name.length)) + 2;
  return `Usage: node scripts/setup.mjs [options]

Installs npm's packages, finds or downloads libtorch, builds the addon and compiles
the TypeScript. Steps that are up to date are skipped.

Options:
  --python       also create the Python environments of the tests
  --install      only the steps of an installed package: libtorch and the addon
  --only STEPS   only these steps, separated by commas: ${steps.join(', ')}
  --quiet        print only warnings and errors
  --help         this text

Environment variables:
${variables.map(({ name, text }) => `  ${name.padEnd(width)}${text}`).join('\n')}
`;
}

/** @param {string[]} argv */
function parse(argv) {
  const options = { steps: ['npm', 'native', 'typescript'], quiet: false, help: false, tidy: false };
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i];
    if (arg === '--quiet') options.quiet = true;
    else if (arg === '--help' || arg === '-h') options.help = true;
    else if (arg === '--python') options.steps.push('python');
    else if (arg === '--install') {
      options.steps = ['native'];
      // In a checkout, where npm runs this too, the intermediate files make the next build short.
      options.tidy = !fs.existsSync(path.join(root, 'lib'));
    } else if (arg === '--only') {
      options.steps = (argv[++i] ?? '').split(',');
      const unknown = options.steps.find((step) => !steps.includes(step));
      if (unknown !== undefined)
        throw new SetupFailure(`there is no step '${unknown}'`, { advice: [`the steps are ${steps.join(', ')}`] });
    } else throw new SetupFailure(`there is no option '${arg}'`, { advice: ['see node scripts/setup.mjs --help'] });
  }
  return options;
}

async function main() {
  const options = parse(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(usage());
    return;
  }
  const from = performance.now();
  const report = new Report({ quiet: options.quiet });
  const environment = readEnvironment();
  if (options.steps.includes('npm')) await installPackages(report);
  if (options.steps.includes('native'))
    await buildAddon(report, await findLibtorch(report, environment), { debug: environment.debug, tidy: options.tidy });
  if (options.steps.includes('typescript')) await compileTypeScript(report);
  if (options.steps.includes('python')) {
    await preparePython(report, environment);
    await prepareNvrtc(report, environment);
  }
  report.line(`Setup: done (${since(from)})`);
}

main().catch((error) => {
  process.stderr.write(`\n${explain(error)}\n`);
  process.exitCode = 1;
});
