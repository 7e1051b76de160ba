import { importLibrary } from "./llama/runtime.ts";

/**
 * Imports llama.cpp without starting it: most of the processor time that loading it takes. What follows is waiting for
 * another process, so a caller with other modules to import does well to import this first.
 */
export async function importRuntime(): Promise<void> {
  await importLibrary();
}
