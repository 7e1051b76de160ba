// What ask adds to generation: its generation time against the same prompt tokens straight through node-llama-cpp.
//
// `npm run bench -- ask-overhead [pairs]`. In one process, both sides share machine, model file and settings (context
// size, threads, sequences, greedy; where ask chooses among texts, a grammar of the text it chose). A pair is one ask and one direct run, the order
// changing from pair to pair; the ratio is of the medians. Figure to reach: at most 1.05. On a busy machine the ratio of
// processor times says more than that of wall times; ask's includes search and scoring.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createAdvisor } from "@advisor/core";
import { nanoChatModel } from "@advisor/nano";
import { getLlama, LlamaGrammar, LlamaGrammarEvaluationState, LlamaLogLevel } from "node-llama-cpp";

const MAX_RATIO = 1.05;
const pairs = Number(process.argv[2] ?? 40);
const WARM_UP = 5;
const MAX_TOKENS = 48;
const handbook = fileURLToPath(new URL("../examples/handbook", import.meta.url));
const QUESTION = "How many days of paid leave do employees in Norway have?";

const cpuMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

const folder = await mkdtemp(join(tmpdir(), "advisor-ask-overhead-"));
const advisor = await createAdvisor({ store: join(folder, "store"), gpu: false });
const { path } = await nanoChatModel();
const llama = await getLlama({
  build: "never",
  gpu: false,
  progressLogs: false,
  logLevel: LlamaLogLevel.error,
});
const model = await llama.loadModel({ modelPath: path });

try {
  await advisor.sync(handbook);
  const { model: info } = await advisor.status();
  // The settings loadModel uses for a model of this size: see packages/adapters/src/load-model.ts.
  const context = await model.createContext({
    contextSize: info.contextLength,
    sequences: 1,
    threads: 1,
    failedCreationRemedy: false,
  });
  const sequence = context.getSequence();
  let missed = false;
  const arms = [
    { name: "base", request: { mode: "base" } },
    { name: "retrieval, cited", request: { mode: "retrieval", grounding: "cited" }, pointing: true },
    { name: "retrieval, quoted", request: { mode: "retrieval", grounding: "quoted" }, quoted: true },
  ];
  for (const { name, request, quoted, pointing } of arms) {
    const ask = () =>
      advisor.ask({ question: QUESTION, maxTokens: MAX_TOKENS, includePrompt: true, ...request });
    const first = await ask();
    const tokens = model.tokenize(first.prompt, true);
    if (tokens.length !== first.timings.promptTokens) {
      throw new Error(`${name}: ${tokens.length} tokens directly, ${first.timings.promptTokens} in ask`);
    }
    const grammar = quoted
      ? new LlamaGrammar(llama, { grammar: `root ::= ${JSON.stringify(first.text)}\n` })
      : undefined;

    const direct = async () => {
      const start = performance.now();
      const cpu = cpuMs();
      let written = 0;
      const out = [];
      const options = {
        temperature: 0,
        yieldEogToken: true,
        ...(grammar && { grammarEvaluationState: new LlamaGrammarEvaluationState({ model, grammar }) }),
      };
      for await (const token of sequence.evaluate(tokens, options)) {
        if (model.isEogToken(token)) break;
        out.push(token);
        // A quoted answer is never cut, and a grammar lets the model spell it in more tokens.
        if (++written >= MAX_TOKENS && !quoted) break;
      }
      const text = model.detokenize(out);
      const ms = performance.now() - start;
      const spent = cpuMs() - cpu;
      await sequence.clearHistory();
      return { ms, spent, written, text };
    };
    const asked = async () => {
      const cpu = cpuMs();
      const { timings, text } = await advisor.ask({ question: QUESTION, maxTokens: MAX_TOKENS, ...request });
      return {
        ms: timings.generationMs,
        spent: cpuMs() - cpu,
        around: timings.totalMs - timings.retrievalMs - timings.groundingMs,
        written: timings.completionTokens,
        text,
      };
    };

    const sides = { ask: [], direct: [], around: [], askCpu: [], directCpu: [] };
    for (let i = 0; i < pairs + WARM_UP; i++) {
      const order = i % 2 === 0 ? [asked, direct] : [direct, asked];
      const results = [await order[0](), await order[1]()];
      const [a, d] = i % 2 === 0 ? results : results.toReversed();
      // Under quoted, ask evaluates the chosen text as the tokens it is made of; a grammar lets the model spell it in more.
      // Under cited the model writes a letter, and ask shows its sentence.
      if ((!pointing && a.text !== d.text) || (!quoted && a.written !== d.written)) {
        throw new Error(
          `${name}: not the same text: "${a.text}" (${a.written}) and "${d.text}" (${d.written})`,
        );
      }
      if (i < WARM_UP) continue;
      sides.ask.push(a.ms);
      sides.around.push(a.around);
      sides.direct.push(d.ms);
      sides.askCpu.push(a.spent);
      sides.directCpu.push(d.spent);
    }
    const base = median(sides.direct);
    const ratio = median(sides.ask) / base;
    missed ||= ratio > MAX_RATIO;
    console.log(
      `${name.padEnd(18)} ${tokens.length} prompt tokens, ${pairs} pairs: direct ${base.toFixed(1)} ms, ask ${median(sides.ask).toFixed(1)} ms, ` +
        `ratio ${ratio.toFixed(3)} (${ratio > MAX_RATIO ? "MISSED" : "reached"}: at most ${MAX_RATIO}); ` +
        `all of ask but search and scoring ${(median(sides.around) / base).toFixed(3)}, ` +
        `processor time, search and scoring included, ${(median(sides.askCpu) / median(sides.directCpu)).toFixed(3)}`,
    );
  }
  process.exitCode = missed ? 1 : 0;
} finally {
  await advisor.dispose();
  await model.dispose();
  await rm(folder, { recursive: true, force: true });
}
