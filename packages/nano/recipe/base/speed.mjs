// How fast llama.cpp reads and writes with a GGUF, on one thread and on two. Usage: node base/speed.mjs FILE...
import { basename } from "node:path";
import { openModel } from "../lib/llama-cpp.mjs";

for (const path of process.argv.slice(2)) {
  for (const threads of [1, 2]) {
    const llama = await openModel(path, { threads });
    const { prompt, decode } = await llama.speed(await llama.open());
    console.log(
      `${basename(path)}, ${threads} threads: prompt ${prompt} tokens/s, writing ${decode} tokens/s`,
    );
    await llama.dispose();
  }
}
