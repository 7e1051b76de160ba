import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeGenerator } from "@advisor/contracts/testing";
import { NANO_PATH, NANO_QUESTION, nanoLora } from "../test/nano.ts";
import { loadModel } from "./load-model.ts";
import { addAdapterManifest } from "./lora/add-manifest.ts";

describeGenerator("nano through llama.cpp", async () => {
  const folder = await mkdtemp(join(tmpdir(), "advisor-suite-"));
  const adapter = join(folder, "random.gguf");
  await writeFile(adapter, nanoLora());
  await addAdapterManifest({ adapter, base: NANO_PATH });
  return {
    generator: await loadModel({ path: NANO_PATH, adapters: [adapter] }),
    messages: NANO_QUESTION,
    adapter: "random",
  };
});
