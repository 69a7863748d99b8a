#!/usr/bin/env node
import { EXIT } from './exit-codes.js';
import { defect, runProgram } from './program.js';

// A reader that closes the pipe (head, less) has seen enough: no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  throw error;
});

process.on('uncaughtException', (error) => process.exit(defect(error)));
process.on('unhandledRejection', (error) => process.exit(defect(error)));

process.exitCode = await runProgram(process.argv.slice(2));
