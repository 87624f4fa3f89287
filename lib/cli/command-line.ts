/** The `torch-func` command: picks the subcommand and turns what it throws into an exit code. */

import { doctorCommand } from './doctor/command';
import { CommandFailure, UsageError, isError } from './failure';
import { jacobianCommand } from './jacobian/command';
import { packageVersion } from './package-info';
import { type Terminal, processTerminal } from '../terminal/terminal';

type Command = (args: readonly string[], terminal: Terminal) => Promise<number>;

const COMMANDS: Readonly<Record<string, Command>> = {
  jacobian: jacobianCommand,
  doctor: doctorCommand,
};

const HELP = `torch-func: Jacobians of functions written in JavaScript or TypeScript, by libtorch

Usage
  torch-func jacobian --fn FILE --input X.npy --output J.npy
                  the Jacobian of a function for every sample of a file
  torch-func doctor
                  what this installation consists of, and whether it works
  torch-func COMMAND --help
                  all about one command

Options
  -h, --help      show this help
  -v, --version   show the version
`;

/**
 * Runs the command line.
 *
 * @param args the arguments, without `node` and the program's name
 * @returns the exit code: 0, 1 for a failure, 2 for a wrong command line, 128 + the signal's number
 * when a signal stopped the command
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
    terminal.err.write(`torch-func${prefix}: ${textOf(error)}\n`);
    return error instanceof CommandFailure ? error.exitCode : 1;
  }
}

/** Failures that nobody foresaw are shown with their stack, so that they can be reported. */
function textOf(error: unknown): string {
  if (error instanceof CommandFailure) return error.message;
  return isError(error) ? (error.stack ?? error.message) : String(error);
}
