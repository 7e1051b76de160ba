export interface LineStreamOptions<Event> {
  readonly events: AsyncIterable<Event>;
  /** Aborted when the reader goes away, here or by the caller, so that the work behind `events` ends too. */
  readonly gone: AbortController;
  /** Called once, when the work has ended for whatever reason. */
  readonly onEnd: () => void;
}

/**
 * Events as newline-delimited JSON. The events are drawn from the start, whether or not anyone reads yet, so `onEnd`
 * is always called; a slow reader holds them up rather than filling the memory.
 */
export function lineStream<Event>(options: LineStreamOptions<Event>): ReadableStream<Uint8Array> {
  const { events, gone, onEnd } = options;
  const encoder = new TextEncoder();
  let resume: (() => void) | undefined;

  const room = (controller: ReadableStreamDefaultController<Uint8Array>) =>
    new Promise<void>((resolve) => {
      if ((controller.desiredSize ?? 0) > 0 || gone.signal.aborted) resolve();
      else resume = resolve;
    });
  gone.signal.addEventListener("abort", () => resume?.());

  async function pump(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      for await (const event of events) {
        if (gone.signal.aborted) break;
        controller.enqueue(encoder.encode(`${JSON.stringify(event)}\n`));
        await room(controller);
      }
      if (!gone.signal.aborted) controller.close();
      else controller.error(gone.signal.reason);
    } catch (error) {
      controller.error(error);
    } finally {
      onEnd();
    }
  }

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        void pump(controller);
      },
      pull() {
        resume?.();
      },
      cancel(reason) {
        gone.abort(reason);
      },
    },
    { highWaterMark: 64 },
  );
}
