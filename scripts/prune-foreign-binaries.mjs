// onnxruntime-node ships the binaries of every platform in one package (288 MB, of which one platform needs 25 to 90).
// This removes the others from node_modules after an install. Setting ADVISOR_KEEP_ALL_BINARIES=1 leaves them.
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const virtualStore = fileURLToPath(new URL("../node_modules/.pnpm", import.meta.url));

function list(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

if (!process.env.ADVISOR_KEEP_ALL_BINARIES) {
  for (const entry of list(virtualStore).filter((name) => name.startsWith("onnxruntime-node@"))) {
    const bin = join(virtualStore, entry, "node_modules", "onnxruntime-node", "bin");
    for (const abi of list(bin)) {
      for (const platform of list(join(bin, abi))) {
        for (const architecture of list(join(bin, abi, platform))) {
          if (platform !== process.platform || architecture !== process.arch) {
            rmSync(join(bin, abi, platform, architecture), { recursive: true, force: true });
          }
        }
      }
    }
  }
}
