#!/usr/bin/env node
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The file of the program `mock-ups`, from the package for this machine. */
export function program() {
  const name = `mock-ups-${process.platform}-${process.arch}`;
  try {
    return createRequire(import.meta.url).resolve(`${name}/bin/mock-ups`);
  } catch (cause) {
    throw new Error(
      `the package ${name}, which holds the program, is not installed: install without --omit=optional; on a ` +
        "system for which there is no such package start mock-ups in a container",
      { cause },
    );
  }
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const child = spawn(program(), process.argv.slice(2), { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? (signal ? 1 : 0);
  });
}
