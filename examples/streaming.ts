// Text as it is written, then the checked answer. Leaving the loop early, or aborting the signal, stops the work.
import { createAdvisor } from "@advisor/core";

const advisor = await createAdvisor({ store: ".advisor" });
await advisor.sync("handbook");

const events = advisor.stream({
  question: "When do carried days lapse in Norway?",
  signal: AbortSignal.timeout(60_000),
});

for await (const event of events) {
  if (event.type === "passages") console.log(`found: ${event.passages.map(({ uri }) => uri).join(", ")}`);
  if (event.type === "text") process.stdout.write(event.text);
  if (event.type === "answer") {
    const { timings, citations } = event.answer;
    console.log(
      `\nfirst token after ${Math.round(timings.firstTokenMs)} ms, ${citations.length} citation(s)`,
    );
  }
}

await advisor.dispose();
