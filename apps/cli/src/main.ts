// Runs the command `posthorn`. The exit code is left to the end of the process: servers that a command started run on.
import { createProgram, runProgram } from './program.js';
import { processTerminal } from './terminal.js';

const terminal = processTerminal();
const exitCode = await runProgram(createProgram(terminal), process.argv.slice(2), terminal);
if (exitCode !== 0) process.exitCode = exitCode;
