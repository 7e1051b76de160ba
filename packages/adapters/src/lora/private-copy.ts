import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AdapterError } from "@advisor/contracts";

/** A folder of this process alone, with files that cannot change between their check and their use. */
export interface PrivateFolder {
  /** Copies a file to `<sha256>.gguf`, hashing what is written, and refuses any other content. */
  copy(path: string, sha256: string): Promise<string>;
  remove(): Promise<void>;
}

const MODE_OWNER_ONLY = 0o600;

export function createPrivateFolder(): PrivateFolder {
  let folder: Promise<string> | undefined;

  return {
    async copy(path, sha256) {
      // mkdtemp makes folders that only their owner may enter.
      folder ??= mkdtemp(join(tmpdir(), "advisor-adapter-"));
      const target = join(await folder, `${sha256}.gguf`);
      const hash = createHash("sha256");
      const failed = (reason: string, nextStep: string, cause?: unknown) =>
        new AdapterError({ code: "adapter_invalid", subject: path, reason, nextStep, cause });
      try {
        const file = await open(target, "w", MODE_OWNER_ONLY);
        try {
          for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
            hash.update(chunk as Buffer);
            await file.writeFile(chunk as Buffer);
          }
        } finally {
          await file.close();
        }
      } catch (cause) {
        throw failed(
          `it cannot be copied to ${tmpdir()} for loading: ${(cause as Error).message}`,
          "Check the file, and that the temporary folder (TMPDIR) has room",
          cause,
        );
      }
      if (hash.digest("hex") === sha256) return target;
      await rm(target, { force: true });
      throw failed("the file changed since it was checked", "Load the model again");
    },
    async remove() {
      if (folder) await rm(await folder, { recursive: true, force: true });
    },
  };
}
