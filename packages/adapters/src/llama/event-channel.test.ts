import { describe, expect, it } from "vitest";
import { createEventChannel } from "./event-channel.ts";

describe("createEventChannel", () => {
  it("gives events in order, before and after it is read", async () => {
    const channel = createEventChannel<number>();
    channel.push(1);
    channel.push(2);
    const seen: number[] = [];
    const reading = (async () => {
      for await (const event of channel) seen.push(event);
    })();
    await Promise.resolve();
    channel.push(3);
    await new Promise((resolve) => setTimeout(resolve, 1));
    channel.push(4);
    channel.end();
    await reading;
    expect(seen).toEqual([1, 2, 3, 4]);
  });

  it("throws a failure after the events before it", async () => {
    const channel = createEventChannel<number>();
    channel.push(1);
    channel.fail(new Error("broken"));
    const seen: number[] = [];
    const reading = (async () => {
      for await (const event of channel) seen.push(event);
    })();
    await expect(reading).rejects.toThrow("broken");
    expect(seen).toEqual([1]);
  });
});
