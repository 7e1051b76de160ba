import { readFile } from "node:fs/promises";
import { arch, availableParallelism, cpus, freemem, platform, release, totalmem } from "node:os";
import { bytes, counted } from "../output/numbers.ts";
import type { Finding } from "./finding.ts";

/** The oldest Node that the packages are tested on. */
const NEEDED_NODE = [20, 19] as const;
/** The embedded models with store and runtime take about 700 MB; less than this will swap. */
const LITTLE_MEMORY = 1024 ** 3;

/** Instruction sets that decide how fast a CPU writes, as people name them, by the kernel's flag. */
const FEATURES: readonly (readonly [string, string])[] = [
  ["avx2", "AVX2"],
  ["avx_vnni", "AVX-VNNI"],
  ["avx512f", "AVX-512"],
  ["avx512_vnni", "AVX-512 VNNI"],
  ["avx512_bf16", "AVX-512 BF16"],
  ["amx_tile", "AMX"],
  ["asimd", "NEON"],
  ["asimddp", "dot product"],
  ["i8mm", "int8 matrix"],
  ["bf16", "BF16"],
  ["sve", "SVE"],
];

/** Node, system, processor and memory. */
export async function examineMachine(): Promise<Finding[]> {
  return [node(), system(), await processor(), await memory()];
}

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const [neededMajor, neededMinor] = NEEDED_NODE;
  const enough = major > neededMajor || (major === neededMajor && minor >= neededMinor);
  return {
    section: "machine",
    name: "node",
    status: enough ? "ok" : "fail",
    text: `Node ${process.versions.node}`,
    ...(!enough && { nextStep: `Install Node ${NEEDED_NODE.join(".")} or newer from https://nodejs.org` }),
    facts: { version: process.versions.node },
  };
}

function system(): Finding {
  return {
    section: "machine",
    name: "system",
    status: "ok",
    text: `${platform()} ${arch()}, kernel ${release()}`,
    facts: { platform: platform(), arch: arch(), release: release() },
  };
}

async function processor(): Promise<Finding> {
  const model = cpus()[0]?.model.replace(/\s+/g, " ").trim() || "unknown processor";
  const cores = availableParallelism();
  const features = await cpuFeatures();
  const slow = features !== undefined && arch() === "x64" && !features.includes("AVX2");
  const known =
    features === undefined ? "features not known on this system" : features.join(", ") || "none of note";
  return {
    section: "machine",
    name: "cpu",
    status: slow ? "warn" : "ok",
    text: `${model}, ${counted(cores, "core")}, ${known}`,
    ...(slow && { nextStep: "Without AVX2 a model writes slowly; use a small one, or another machine" }),
    facts: { model, cores, features: features ?? null },
  };
}

/** From the kernel's list; undefined where there is none to read. */
async function cpuFeatures(): Promise<string[] | undefined> {
  const info = await readFile("/proc/cpuinfo", "utf8").catch(() => "");
  const line = /^(?:flags|Features)\s*:(.*)$/m.exec(info)?.[1];
  if (line === undefined) return undefined;
  const flags = new Set(line.trim().split(/\s+/));
  return FEATURES.filter(([flag]) => flags.has(flag)).map(([, name]) => name);
}

async function memory(): Promise<Finding> {
  const limit = process.constrainedMemory();
  const total = limit > 0 && limit < totalmem() ? limit : totalmem();
  const free = Math.min(await availableMemory(), total);
  const little = free < LITTLE_MEMORY;
  return {
    section: "machine",
    name: "memory",
    status: little ? "warn" : "ok",
    text: `${bytes(free)} free of ${bytes(total)}`,
    ...(little && {
      nextStep: "Close other programs: with less than 1 GiB free, models load slowly or not at all",
    }),
    facts: { freeBytes: free, totalBytes: total },
  };
}

/** What could be used: `os.freemem` leaves out the page cache that the kernel would give back. */
async function availableMemory(): Promise<number> {
  const info = await readFile("/proc/meminfo", "utf8").catch(() => "");
  const kibibytes = /^MemAvailable:\s+(\d+) kB$/m.exec(info)?.[1];
  return kibibytes === undefined ? freemem() : Number(kibibytes) * 1024;
}
