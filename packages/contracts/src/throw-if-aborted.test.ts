import { describe, expect, it } from "vitest";
import { CancelledError } from "./errors/cancelled-error.ts";
import { throwIfAborted } from "./throw-if-aborted.ts";

describe("throwIfAborted", () => {
  it("lets work go on without a signal, and under one that was not aborted", () => {
    throwIfAborted(undefined, "sync");
    throwIfAborted(new AbortController().signal, "sync");
  });

  it("names the work, the next step and the signal's own reason", () => {
    const reason = new Error("the window was closed");
    const stopped = () => throwIfAborted(AbortSignal.abort(reason), "sync", "Sync again");
    expect(stopped).toThrow(CancelledError);
    expect(stopped).toThrow("sync: the signal was aborted. Sync again.");
    expect(stopped).toThrow(expect.objectContaining({ code: "cancelled", cause: reason }));
  });
});
