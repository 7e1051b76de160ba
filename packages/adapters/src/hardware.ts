import { readFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { loadRuntime } from "./llama/runtime.ts";

/** What runs here, for `advisor doctor`. */
export interface Hardware {
  readonly cpu: {
    readonly model: string;
    /** Logical processors. */
    readonly cores: number;
    /** Processors that llama.cpp finds useful for its arithmetic. */
    readonly mathCores: number;
    /** Instruction sets that llama.cpp uses here, such as `AVX2`. */
    readonly features: readonly string[];
  };
  /** Of the machine, in bytes; the limit of a container where one is set. */
  readonly memoryBytes: number;
  readonly gpu: {
    readonly backend: "vulkan" | "cuda" | "metal";
    readonly devices: readonly string[];
    readonly memoryBytes: number;
  } | null;
  readonly llamaCpp: {
    /** Release of llama.cpp that is inside. */
    readonly release: string;
    /** `prebuilt`: the binary that came with the package. */
    readonly build: string;
  };
}

/** Says what runs here. It loads llama.cpp, which takes about a second, and downloads nothing. */
export async function hardware(): Promise<Hardware> {
  const { llama } = await loadRuntime("auto");
  const processors = cpus();
  return {
    cpu: {
      model: processors[0]?.model.trim() ?? "unknown",
      cores: processors.length,
      mathCores: llama.cpuMathCores,
      features: parseFeatures(llama.systemInfo),
    },
    memoryBytes: await memoryLimit(),
    gpu: llama.gpu
      ? {
          backend: llama.gpu,
          devices: await llama.getGpuDeviceNames(),
          memoryBytes: (await llama.getVramState()).total,
        }
      : null,
    llamaCpp: { release: llama.llamaCppRelease.release, build: llama.buildType },
  };
}

/** The names set to 1 in llama.cpp's own line, `CPU : SSE3 = 1 | AVX2 = 1 | ...`. */
export function parseFeatures(systemInfo: string): readonly string[] {
  const features = [...systemInfo.matchAll(/(\w+) = 1\b/g)].map((match) => match[1] as string);
  return [...new Set(features)];
}

/** cgroup 2 and 1 name a container's limit; elsewhere, or without one, it is the machine's memory. */
async function memoryLimit(): Promise<number> {
  const whole = totalmem();
  for (const path of ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]) {
    const text = await readFile(path, "utf8").catch(() => "");
    const limit = Number(text.trim());
    if (text.trim() !== "" && Number.isFinite(limit) && limit > 0) return Math.min(limit, whole);
  }
  return whole;
}
