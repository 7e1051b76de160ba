export { type SentenceSpan, splitSentences } from "./chunk/sentences.ts";
