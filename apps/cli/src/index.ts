// The command line as a library: the program, and what runs it.
export { exitCodes, exitDescriptions } from './exit-codes.js';
export { createProgram, runProgram } from './program.js';
export { processTerminal, type Terminal } from './terminal.js';
