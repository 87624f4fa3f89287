#!/usr/bin/env node
import { runCommandLine } from './command-line';
import { sharePackage } from './share-package';

sharePackage();
void runCommandLine(process.argv.slice(2)).then((code) => {
  // Not only process.exitCode: a module that the user named may have left timers running.
  process.exit(code);
});
