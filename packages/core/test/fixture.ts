import type { Answer, AnswerEvent, DocumentInput, GenerateRequest, LoadedAdapter } from "@advisor/contracts";
import {
  createFakeEmbedder,
  createFakeGenerator,
  createFakeRetriever,
  type FakeGeneratorSettings,
  fakeAdapter,
} from "@advisor/contracts/testing";
import { type AdvisorSettings, createAdvisor } from "../src/index.ts";

export const NOTICE = "The notice period is three months.";
export const SALARY = "The managing director earns 2,345,000 kroner.";

/** Two pages that share words: one for employees, one for hr alone. */
export const PAGES: readonly DocumentInput[] = [
  {
    uri: "hr/notice.md",
    text: `# Notice\n\n${NOTICE} It starts on the first day of a month.\n`,
    roles: ["employee"],
  },
  { uri: "hr/salaries.md", text: `# Salaries\n\n${SALARY}\n`, roles: ["hr"] },
  {
    uri: "it/vpn.md",
    text: "# VPN\n\nThe VPN port is 4412. Laptops get it at the help desk.\n",
    roles: ["employee"],
  },
];

export const EMPLOYEE = { tenant: "default", roles: ["employee"] } as const;

export interface FixtureOptions extends Partial<AdvisorSettings> {
  readonly replies?: FakeGeneratorSettings["replies"];
  readonly loaded?: readonly (string | LoadedAdapter)[];
  readonly contextLength?: number;
  readonly pages?: readonly DocumentInput[];
}

/** An advisor on fakes, with its fakes at hand. Without `replies` the model takes the first of its choices. */
export async function createFixture(options: FixtureOptions = {}) {
  const {
    replies = takeFirstChoice,
    loaded = [],
    contextLength = 8192,
    pages = PAGES,
    ...settings
  } = options;
  const retriever = createFakeRetriever();
  const generator = createFakeGenerator({ replies, adapters: loaded, model: { contextLength } });
  const embedder = createFakeEmbedder();
  await retriever.upsert(pages);
  const advisor = await createAdvisor({ store: retriever, model: generator, embedder, ...settings });
  return { advisor, retriever, generator, embedder };
}

/** A model that takes the first of its choices. */
export function takeFirstChoice({ format }: GenerateRequest): string {
  if (format?.type !== "choice") throw new Error("no choice was given");
  return format.choices[0] as string;
}

export function wrappedAdapter(name: string): LoadedAdapter {
  return fakeAdapter(name, {
    form: { type: "wrapped", opening: ["Good day!", "Hello!"], closing: ["Kind regards."], separator: " " },
  });
}

export async function collect(events: AsyncIterable<AnswerEvent>): Promise<AnswerEvent[]> {
  const all: AnswerEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

export const codes = (answer: Answer) => answer.warnings.map(({ code }) => code);

/** The text of the messages the model got in its n-th call. */
export const sent = (request: GenerateRequest | undefined) =>
  (request?.messages ?? []).map(({ role, content }) => `${role}: ${content}`).join("\n");
