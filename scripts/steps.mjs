// The steps that bring a fresh clone to a built one, a line each. Plain Node: nothing may be installed yet.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters, styleText } from "node:util";

export const root = fileURLToPath(new URL("..", import.meta.url));
const windows = process.platform === "win32";

/** A step's output is kept to be shown if it fails; only its end, so that a runaway step cannot fill the memory. */
const MAX_KEPT_OUTPUT = 256 * 1024;
/** How often a waiting line says that it is still alive where it cannot be updated in place. */
const SPARSE_INTERVAL_MS = 15_000;
const FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";

/** No downloads by install scripts, no telemetry, no questions. */
const quietEnvironment = {
  NODE_LLAMA_CPP_SKIP_DOWNLOAD: "true",
  ONNXRUNTIME_NODE_INSTALL: "skip",
  TURBO_TELEMETRY_DISABLED: "1",
  TURBO_NO_UPDATE_NOTIFIER: "1",
  DO_NOT_TRACK: "1",
  npm_config_update_notifier: "false",
};

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
/** `pnpm@<exact>`, as package.json pins it. */
export const pnpm = manifest.packageManager;

/** A step that failed, already told in full: only its one line is left to print. */
export class StepFailure extends Error {}

function paint(style, text, stream) {
  const colour = stream.isTTY && !process.env.NO_COLOR && process.env.TERM !== "dumb";
  return colour ? styleText(style, text, { validateStream: false }) : text;
}

export function seconds(ms) {
  const value = ms / 1000;
  return value < 60 ? `${value.toFixed(1)} s` : `${Math.floor(value / 60)} min ${Math.floor(value % 60)} s`;
}

/** A line that is updated in place on a terminal, and said again now and then elsewhere. */
function showProgress(title, stream) {
  const start = performance.now();
  let detail = "";
  let frame = 0;
  const tick = () => {
    const elapsed = seconds(performance.now() - start);
    if (!stream.isTTY) {
      stream.write(`  ${title} … ${elapsed}${detail ? `, ${detail}` : ""}\n`);
      return;
    }
    const mark = paint("cyan", FRAMES[frame++ % FRAMES.length], stream);
    const room = Math.max(0, (stream.columns ?? 80) - title.length - elapsed.length - 8);
    const shown = detail.length > room ? `${detail.slice(0, Math.max(0, room - 1))}…` : detail;
    stream.write(`\r\u001b[2K${mark} ${title}  ${elapsed}  ${paint("dim", shown, stream)}`);
  };
  if (stream.isTTY) tick();
  const timer = setInterval(tick, stream.isTTY ? 120 : SPARSE_INTERVAL_MS);
  return {
    detail(text) {
      detail = text;
    },
    end(ok, outcome = "") {
      clearInterval(timer);
      const mark = ok ? paint("green", "✓", stream) : paint("red", "✗", stream);
      const elapsed = seconds(performance.now() - start);
      const rest = outcome ? `  ${paint("dim", outcome, stream)}` : "";
      stream.write(`${stream.isTTY ? "\r\u001b[2K" : ""}${mark} ${title}  ${elapsed}${rest}\n`);
    },
  };
}

/** Starts a program in its own process group, so that stopping us stops all of what it started. */
function start(command, args, options) {
  const child = spawn(command, args, { cwd: root, windowsHide: true, ...options });
  const stop = (signal) => {
    // A terminal sends Ctrl-C to the whole foreground group: a second one would cut the program's own ending short.
    if (signal === "SIGINT" && !options.detached && process.stdin.isTTY) return;
    try {
      if (options.detached) process.kill(-child.pid, signal);
      else child.kill(signal);
    } catch {
      // It has already ended.
    }
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, stop);
  const ended = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal }));
  }).finally(() => {
    for (const signal of signals) process.off(signal, stop);
  });
  return { child, ended };
}

/**
 * Runs one step with a line of progress. Its output stays hidden unless it fails; then it is shown whole, with what to
 * do next. `detail` turns a line of output into a few words of progress, or undefined.
 */
export async function runStep({
  title,
  command,
  args,
  nextStep,
  detail = () => undefined,
  stream = process.stderr,
}) {
  const progress = showProgress(title, stream);
  let kept = "";
  let outcome;
  const { child, ended } = start(command, args, {
    env: { ...process.env, ...quietEnvironment },
    stdio: ["ignore", "pipe", "pipe"],
    detached: !windows,
    shell: windows,
  });
  const read = (chunk) => {
    const text = stripVTControlCharacters(chunk.toString("utf8"));
    kept = (kept + text).slice(-MAX_KEPT_OUTPUT);
    for (const line of text.split("\n")) {
      const found = detail(line.trim());
      if (found) progress.detail(found);
    }
  };
  child.stdout.on("data", read);
  child.stderr.on("data", read);
  try {
    outcome = await ended;
  } catch (error) {
    progress.end(false);
    throw new StepFailure(`${title}: ${command} could not be started (${error.message}). ${nextStep}`);
  }
  if (outcome.code === 0) {
    progress.end(true);
    return;
  }
  if (outcome.signal === "SIGINT" || outcome.code === 130) {
    progress.end(false, "interrupted");
    process.exit(130);
  }
  progress.end(false);
  stream.write(`\n${kept.trimEnd()}\n\n`);
  const how = outcome.signal ? `was ended by ${outcome.signal}` : `ended with exit code ${outcome.code}`;
  throw new StepFailure(`${title}: ${command} ${args.join(" ")} ${how}, its output is above. ${nextStep}`);
}

/** Folders of the workspace that have a package.json, the root first. */
export function workspaceFolders(base = root) {
  const nested = ["packages", "apps"].flatMap((folder) =>
    existsSync(join(base, folder)) ? readdirSync(join(base, folder)).map((name) => join(folder, name)) : [],
  );
  return [".", ...nested, "examples", "bench"].filter((folder) =>
    existsSync(join(base, folder, "package.json")),
  );
}

/** Changes whenever an installation made for another checkout state, Node or machine would not fit. */
export function installationKey(base = root) {
  const hash = createHash("sha256");
  hash.update([process.platform, process.arch, process.versions.modules, pnpm].join("\0"));
  const files = [
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    ...workspaceFolders(base).map((f) => join(f, "package.json")),
  ];
  for (const file of files) hash.update(`\0${file}\0`).update(readFileSync(join(base, file)));
  return hash.digest("hex");
}

const marker = (base) => join(base, "node_modules", ".advisor", "installed");

/** True when node_modules was filled by these scripts from exactly this lockfile, and every folder still has its own. */
export function isInstalled(base = root) {
  try {
    if (readFileSync(marker(base), "utf8").trim() !== installationKey(base)) return false;
  } catch {
    return false;
  }
  return workspaceFolders(base).every((folder) => {
    const { dependencies, devDependencies } = JSON.parse(
      readFileSync(join(base, folder, "package.json"), "utf8"),
    );
    const needs = Object.keys({ ...dependencies, ...devDependencies }).length > 0;
    return !needs || existsSync(join(base, folder, "node_modules"));
  });
}

/** Installs what the lockfile names, unless that is there already. */
export async function install() {
  if (isInstalled()) return;
  await runStep({
    title: "Installing packages",
    command: "npx",
    args: [
      "--yes",
      pnpm,
      "install",
      "--frozen-lockfile",
      "--reporter=append-only",
      "--config.confirmModulesPurge=false",
    ],
    nextStep:
      "Check that the npm registry can be reached and that the disk has 2 GB free, then run the same command again",
    detail: (line) => {
      const match = /^Progress: resolved (\d+), reused (\d+), downloaded (\d+), added (\d+)/.exec(line);
      const [resolved, reused, downloaded, added] = match ? match.slice(1).map(Number) : [];
      if (!match || resolved < 2) return undefined;
      return `${Math.max(added, reused + downloaded)} of ${resolved} packages`;
    },
  });
  mkdirSync(dirname(marker(root)), { recursive: true });
  writeFileSync(marker(root), `${installationKey()}\n`);
}

/** Builds every package; turbo leaves out what has not changed. */
export async function build() {
  await runStep({
    title: "Building",
    command: "npx",
    // pnpm exec rather than turbo alone: turbo runs each package's script through the pnpm it finds in PATH.
    args: ["--yes", pnpm, "exec", "turbo", "run", "build", "--output-logs=new-only", "--log-order=stream"],
    nextStep: "Correct what the output names, then run the same command again",
    detail: (line) => /^(@advisor\/[\w-]+):build:/.exec(line)?.[1],
  });
}

/** Runs a program in the foreground, hands it our terminal, and returns its exit code. */
export async function runForeground(command, args) {
  // Some tools colour their output wherever CI is set; into a pipe or a file it should be plain.
  const plain = process.stdout.isTTY || process.env.FORCE_COLOR ? {} : { NO_COLOR: "1" };
  const { ended } = start(command, args, {
    stdio: "inherit",
    env: { ...plain, ...process.env, ...quietEnvironment },
  });
  const { code, signal } = await ended;
  if (signal) return signal === "SIGINT" ? 130 : signal === "SIGTERM" ? 143 : 1;
  return code ?? 1;
}

/** Runs a script's work; a failed step is told in one line, exit code 1. */
export async function main(work) {
  try {
    process.exitCode = await work(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    process.stderr.write(`${paint("red", error.message, process.stderr)}.\n`);
    process.exitCode = 1;
  }
}
