import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LlamaModel, Token } from "./runtime.ts";
import { createStopFilter, createTextStream } from "./text-stream.ts";

/** A model whose tokens are bytes, and whose detokeniser drops the first token's space, as SentencePiece does. */
function byteModel(dropsLeadingSpace = false): LlamaModel {
  const detokenize = (tokens: readonly Token[]) => {
    const text = Buffer.from(tokens as readonly number[]).toString("utf8");
    return dropsLeadingSpace ? text.replace(/^ /, "") : text;
  };
  return { detokenize } as unknown as LlamaModel;
}

const bytes = (text: string) => [...Buffer.from(text)] as Token[];

function streamed(model: LlamaModel, before: string, text: string): string[] {
  const stream = createTextStream(model, bytes(before));
  const pieces = bytes(text).map((token) => stream.push(token));
  return [...pieces, stream.flush()];
}

describe("createTextStream", () => {
  it("gives whole characters and loses nothing", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 60 }), fc.boolean(), (text, drops) => {
        const pieces = streamed(byteModel(drops), "before", text);
        expect(pieces.join("")).toBe(text);
        expect(pieces.join("").includes("\uFFFD")).toBe(text.includes("\uFFFD"));
      }),
    );
    for (const text of ["\uFFFD\u00A0", "\uFFFD\uFFFD€", "a\uFFFD😀b", "\uFFFDé\uFFFD"]) {
      for (const drops of [true, false]) {
        expect(streamed(byteModel(drops), "before", text).join("")).toBe(text);
      }
    }
    expect(streamed(byteModel(), "", "a€b")).toEqual(["a", "", "", "€", "b", ""]);
  });

  it("costs the same at any length, whatever is written", () => {
    let longest = 0;
    const { detokenize } = byteModel();
    const model = {
      detokenize(tokens: readonly Token[]) {
        longest = Math.max(longest, tokens.length);
        return detokenize(tokens);
      },
    } as unknown as LlamaModel;
    const text = fc.string({
      unit: fc.constantFrom("\uFFFD", "😀", "€", "é", "a"),
      minLength: 60,
      maxLength: 200,
    });
    fc.assert(
      fc.property(text, (each) => {
        expect(streamed(model, "before", each).join("")).toBe(each);
      }),
    );
    expect(streamed(model, "before", "\uFFFD".repeat(200)).join("")).toBe("\uFFFD".repeat(200));
    expect(longest).toBeLessThan(40);
  });

  it("gives up on a character that never comes", () => {
    const stream = createTextStream(byteModel(), []);
    expect(stream.push(0xe2 as Token)).toBe("");
    expect(stream.flush()).toBe("\uFFFD");
    expect(stream.flush()).toBe("");
  });
});

describe("createStopFilter", () => {
  it("cuts before the first stop string, however the text is cut into pieces", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 40 });
    const stops = fc.array(fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 1, maxLength: 4 }), {
      maxLength: 3,
    });
    fc.assert(
      fc.property(
        text,
        stops,
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 }),
        (whole, stop, sizes) => {
          const filter = createStopFilter(stop);
          let out = "";
          let stopped = false;
          for (let at = 0, index = 0; at < whole.length && !stopped; index++) {
            const size = sizes[index % sizes.length] as number;
            const piece = filter.push(whole.slice(at, at + size));
            out += piece.text;
            stopped = piece.stopped;
            at += size;
          }
          if (!stopped) out += filter.flush();
          // What ends first wins: a longer stop string that starts earlier but ends later has not been seen yet.
          const cuts = stop.map((each) => whole.indexOf(each)).filter((at) => at >= 0);
          expect(stopped).toBe(cuts.length > 0);
          if (stopped) {
            expect(whole.startsWith(out)).toBe(true);
            expect(stop.some((each) => whole.startsWith(each, out.length))).toBe(true);
            for (const each of stop) expect(out.includes(each)).toBe(false);
          } else {
            expect(out).toBe(whole);
          }
        },
      ),
    );
  });

  it("passes text on at once when nothing can become a stop string", () => {
    const filter = createStopFilter(["END"]);
    expect(filter.push("hello ")).toEqual({ text: "hello ", stopped: false });
    expect(filter.push("E")).toEqual({ text: "", stopped: false });
    expect(filter.push("xEN")).toEqual({ text: "Ex", stopped: false });
    expect(filter.push("D of it")).toEqual({ text: "", stopped: true });
  });
});
