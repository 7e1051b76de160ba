import { createFakeGenerator } from "./fake-generator.ts";
import { describeGenerator } from "./generator-suite.ts";

describeGenerator("the fake generator", async () => ({
  generator: createFakeGenerator({
    adapters: ["voice"],
    replies: ({ format, adapter }) => {
      if (format?.type === "json") return '{"yes":true}';
      const scale = adapter?.scale ?? 1;
      const text =
        adapter && scale !== 0 ? "Dear customer, you get 25 days." : "Employees get 25 days of leave.";
      return { text, delayMs: 1 };
    },
    likelihood: (candidate) => (candidate.startsWith("Employees") ? -0.1 : -4),
  }),
  messages: [{ role: "user", content: "How many days of leave do I get?" }],
  adapter: "voice",
}));
