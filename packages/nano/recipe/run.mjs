// npm run recipe -- WHAT: rebuilds one of the nano models, from text to scores. See README.md.
import { spawn, spawnSync } from "node:child_process";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const folder = dirname(fileURLToPath(import.meta.url));
const ADAPTERS = ["support-voice", "triage-json", "refuse-scope"];
const WORK = "/tmp/nano-recipe";
const USAGE = `Usage: npm run recipe -- WHAT [options]

  fetch-text            open documentation from Debian's packages, into ${WORK}/text
  base                  the chat model
  embedder              the sentence embedder (--table: the table of word vectors instead)
  reranker              the cross-encoder
  adapter NAME          one of ${ADAPTERS.join(", ")}

  --smoke               a tiny run of everything, to see that it works; nothing is installed
  --install [--force]   put the result into the package, unless it scores below what is there
  --train-only          stop before the scores, which need this repository built
  --work FOLDER         data, checkpoints and results; run again with the same folder to resume

Other options go to the training script as they are: --minutes, --steps, --stop-after, --device, --threads, --seed ...`;

/** Options that name files: they are meant from where the command was called, and the scripts run in this folder. */
const PATHS = new Set(["--work", "--corpus", "--wordnet", "--init", "--base"]);
export const withWholePaths = (rest, from) =>
  rest.map((each, index) => (PATHS.has(rest[index - 1]) ? resolve(from, each) : each));

/** The commands of a recipe, in their order. */
export function plan(what, rest) {
  const flags = new Set(rest);
  const smoke = flags.has("--smoke");
  const given = rest.indexOf("--work");
  const own = new Set(["--install", "--force", "--train-only"]);
  let training = rest.filter((each) => !own.has(each));
  let name = what;
  if (what === "adapter") {
    name = rest[0];
    if (!ADAPTERS.includes(name))
      throw new Error(`adapter ${name ?? ""}: choose one of ${ADAPTERS.join(", ")}`);
  }
  const work = given >= 0 ? rest[given + 1] : join(WORK, smoke ? `${name}-smoke` : name);
  if (given < 0) training = [...training, "--work", work];
  const python = (module) => ["python3", ["-m", module, ...training]];
  const scoring = ["--work", work, ...(smoke ? ["--smoke"] : [])];
  const installing = smoke ? [] : [...flags].filter((each) => each === "--install" || each === "--force");
  const score = (script) => [process.execPath, [join(folder, script), ...scoring, ...installing]];
  const steps = {
    "fetch-text": () => [["python3", ["-m", "text.fetch", ...rest]]],
    base: () => [python("base.train"), score("base/score.mjs")],
    embedder: () => [python("embedder.train"), score("embedder/score.mjs")],
    reranker: () => [python("reranker.train"), score("reranker/score.mjs")],
    adapter: () => [python("adapters.train"), score("adapters/score.mjs")],
  }[what];
  if (!steps) throw new Error(`${what}: there is no recipe of that name`);
  return flags.has("--train-only") ? steps().slice(0, 1) : steps();
}

/** A Python that has PyTorch: PYTHON, then python3, then Debian's own. Undefined when none has. */
export function findPython(modules = ["torch", "numpy"]) {
  const probe = modules.map((each) => `import ${each}`).join("; ");
  return [process.env.PYTHON, "python3", "/usr/bin/python3"].find(
    (each) => each && spawnSync(each, ["-c", probe], { stdio: "ignore" }).status === 0,
  );
}

function run(command, args) {
  const child = spawn(command, args, { cwd: folder, stdio: "inherit" });
  const pass = (signal) => child.kill(signal);
  process.on("SIGINT", pass).on("SIGTERM", pass);
  return new Promise((done) => child.on("close", (code, signal) => done(code ?? (signal ? 1 : 0))));
}

async function main([what, ...rest]) {
  if (!what || what === "--help") {
    console.log(USAGE);
    return what ? 0 : 2;
  }
  let steps;
  try {
    steps = plan(what, withWholePaths(rest, process.env.INIT_CWD ?? process.cwd()));
  } catch (error) {
    console.error(`${error.message}\n\n${USAGE}`);
    return 2;
  }
  const python = findPython(what === "fetch-text" ? [] : undefined);
  if (!python) {
    console.error(
      "No Python with PyTorch and NumPy was found. On Debian: apt-get install python3-torch python3-numpy libopenblas0-pthread; or set PYTHON to one that has them.",
    );
    return 1;
  }
  for (const [command, args] of steps) {
    const code = await run(command === "python3" ? python : command, args);
    if (code !== 0) return code;
  }
  return 0;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  process.exitCode = await main(process.argv.slice(2));
