#!/usr/bin/env node
import { runCommandLine } from './command-line';
import { sharePackage } from './share-package';

sharePackage();
void runCommandLine(process.argv.slice(2)).then((code) => {
  // Not only process.exitCode: the user's module may have left timers running.
  process.exit(code);
});
process.once('beforeExit', () => {
  // Nothing is left that could end the wait; Node.js would exit with code 0.
  process.stderr.write('torch-func: the command cannot continue: a module waits for a Promise that is never settled\n');
  process.exit(1);
});
