import { inspectGguf } from "../src/gguf/inspect.ts";
import { NANO_PATH } from "./nano.ts";

let facts: ReturnType<typeof inspectGguf> | undefined;

/** The embedded base's header, read once. It needs no native code, so fast tests use it too. */
export function nanoFacts(): ReturnType<typeof inspectGguf> {
  facts ??= inspectGguf(NANO_PATH);
  return facts;
}
