/** The `torch-func` command: dispatches to the subcommands and maps errors to exit codes. */

import { isError } from '../jobs/thrown';
import { type Terminal, processTerminal } from '../terminal/terminal';
import { doctorCommand } from './doctor/command';
import { UsageError, asFailure } from './failure';
import { jacobianCommand } from './jacobian/command';
import { packageVersion } from './package-info';

type Command = (args: readonly string[], terminal: Terminal) => Promise<number>;

const COMMANDS: Readonly<Record<string, Command>> = {
  jacobian: jacobianCommand,
  doctor: doctorCommand,
};

const HELP = `torch-func: Jacobians of functions written in JavaScript or TypeScript, computed by libtorch

Usage
  torch-func jacobian --fn FILE --input X.npy --output J.npy
                  compute the Jacobian of a function for every sample of a file
  torch-func doctor
                  show what this installation consists of, and test it
  torch-func COMMAND --help
                  show the help of one command

Options
  -h, --help      show this help
  -v, --version   show the version
`;

/**
 * Runs the command line.
 *
 * @param args the arguments, without `node` and the name of the program
 * @returns the exit code: 0, 1 for a failure, 2 for an invalid command line, 128 + the number of the
 * signal that stopped the command
 */
export async function runCommandLine(args: readonly string[], terminal: Terminal = processTerminal): Promise<number> {
  const [name, ...rest] = args;
  if (name === '-h' || name === '--help' || name === 'help') {
    terminal.out.write(HELP);
    return 0;
  }
  if (name === '-v' || name === '--version') {
    terminal.out.write(`${packageVersion()}\n`);
    return 0;
  }
  try {
    if (name === undefined) throw new UsageError(`a command is needed\n\n${HELP}`);
    if (!Object.hasOwn(COMMANDS, name)) {
      const names = Object.keys(COMMANDS).join(' and ');
      throw new UsageError(`'${name}' is not a command; the commands are ${names}`);
    }
    return await COMMANDS[name](rest, terminal);
  } catch (error) {
    const prefix = name !== undefined && Object.hasOwn(COMMANDS, name) ? ` ${name}` : '';
    const failure = asFailure(error);
    terminal.err.write(`torch-func${prefix}: ${failure?.message ?? stackOf(error)}\n`);
    return failure?.exitCode ?? 1;
  }
}

/** Errors that are bugs are shown with their stack, for a report. */
function stackOf(error: unknown): string {
  return isError(error) ? (error.stack ?? error.message) : String(error);
}
