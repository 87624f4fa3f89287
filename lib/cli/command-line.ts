/** The `torch-func` command: dispatches to the subcommands and maps errors to exit codes. */

import { isError } from '../jobs/thrown';
import { type Terminal, processTerminal } from '../terminal/terminal';
import { doctorCommand } from './doctor/command';
import { UsageError, asFailure } from './failure';
import { jacobianCommand } from './jacobian/command';
import { packageVersion } from './package-info';
import { print } from './print';

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
  const [name = '', ...rest] = args;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  try {
    if (command !== undefined) return await command(rest, terminal);
    if (['-h', '--help', 'help'].includes(name)) await print(terminal, HELP);
    else if (['-v', '--version'].includes(name)) await print(terminal, `${packageVersion()}\n`);
    else throw new UsageError(args.length === 0 ? `a command is needed\n\n${HELP}` : unknownCommand(name));
    return 0;
  } catch (error) {
    const prefix = command === undefined ? '' : ` ${name}`;
    const failure = asFailure(error);
    terminal.err.write(`torch-func${prefix}: ${failure?.message ?? stackOf(error)}\n`);
    return failure?.exitCode ?? 1;
  }
}

function unknownCommand(name: string): string {
  return `'${name}' is not a command; the commands are ${Object.keys(COMMANDS).join(' and ')}`;
}

/** Errors that are bugs are shown with their stack, for a report. */
function stackOf(error: unknown): string {
  return isError(error) ? (error.stack ?? error.message) : String(error);
}
