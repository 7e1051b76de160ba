import type { Host, Interruption } from "./host.ts";
import { run } from "./run.ts";

const host: Host = {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  cwd: process.cwd(),
  env: process.env,
  core: () => import("@advisor/core"),
  onInterrupt(listener) {
    const listeners = (["SIGINT", "SIGTERM"] as const).map((signal: Interruption) => {
      const heard = () => listener(signal);
      process.on(signal, heard);
      return () => process.off(signal, heard);
    });
    return () => {
      for (const stop of listeners) stop();
    };
  },
};

// A reader that has seen enough (`advisor search … | head`) is no error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    process.exit(error.code === "EPIPE" ? 0 : 1);
  });
}

// Whoever presses Ctrl-C again does not want to wait for the work in flight to be put away.
let interruptions = 0;
process.on("SIGINT", () => {
  if (++interruptions > 2) process.exit(130);
});

const code = await run(process.argv.slice(2), host);
// Native threads may keep the process alive for a moment; what was written must be out before it goes.
for (const stream of [process.stdout, process.stderr]) {
  await new Promise<void>((resolve) => stream.write("", () => resolve()));
}
process.exit(code);
