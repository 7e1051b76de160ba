import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readLines } from "./read-lines.ts";

function streamOf(bytes: Uint8Array, size: number): ReadableStream<Uint8Array> {
  let position = 0;
  return new ReadableStream({
    pull(controller) {
      if (position >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(position, position + size));
      position += size;
    },
  });
}

describe("readLines", () => {
  it("gives back the lines, however the bytes are cut", async () => {
    const line = fc.string({ unit: fc.constantFrom("a", "é", "💡", '"', " "), minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 6 }),
        fc.integer({ min: 1, max: 9 }),
        async (lines, size) => {
          const bytes = new TextEncoder().encode(lines.map((one) => `${one}\n`).join(""));
          const read: string[] = [];
          for await (const one of readLines(streamOf(bytes, size))) read.push(one);
          expect(read).toEqual(lines);
        },
      ),
    );
  });

  it("gives a last line without an end", async () => {
    const read: string[] = [];
    for await (const one of readLines(streamOf(new TextEncoder().encode("a\n\nb"), 2))) read.push(one);
    expect(read).toEqual(["a", "b"]);
  });

  it("lets go of the stream when the reader leaves early", async () => {
    let cancelled = false;
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new TextEncoder().encode("a\n")),
      cancel: () => {
        cancelled = true;
      },
    });
    for await (const _ of readLines(stream)) break;
    expect(cancelled).toBe(true);
  });
});
