// How fast llama.cpp reads and writes with a GGUF, on one thread and on two, with flash attention and without. Usage: node base/speed.mjs FILE...
import { basename } from "node:path";
import { openModel } from "../lib/llama-cpp.mjs";

for (const path of process.argv.slice(2)) {
  for (const threads of [1, 2]) {
    const llama = await openModel(path, { threads });
    for (const flashAttention of [true, false]) {
      const { prompt, decode } = await llama.speed(await llama.open(undefined, { flashAttention }));
      console.log(
        `${basename(path)}, ${threads} threads, ${flashAttention ? "flash" : "plain"} attention: prompt ${prompt} tokens/s, writing ${decode} tokens/s`,
      );
    }
    await llama.dispose();
  }
}
