import { existsSync } from "node:fs";
import {
  ADMINISTRATOR,
  AdvisorError,
  type LoadedAdapter,
  type ModelInfo,
  type Principal,
} from "@advisor/contracts";
import type { AdvisorSettings, AdvisorStatus } from "@advisor/core";
import { absentModel, absentStore } from "../absent-parts.ts";
import type { CommandContext } from "../context.ts";
import { EMBEDDED } from "../flag-values.ts";
import type { ModelFlags, StoreFlags } from "../flags.ts";
import { counted } from "../output/numbers.ts";
import type { RerankFlags } from "../reranker-flag.ts";
import { mayHaveStore, storeLocation } from "../store-flag.ts";
import { requireKnownRoles, syncHint, withAdvisor } from "../with-advisor.ts";
import type { Finding } from "./finding.ts";

/** The chat model, its adapters, the embedder and the reranker, each loaded for real. */
export async function examineModels(
  context: CommandContext,
  flags: StoreFlags & ModelFlags & RerankFlags,
  settings: AdvisorSettings,
): Promise<Finding[]> {
  const alone = { ...settings, store: absentStore("") };
  return withAdvisor(context, withoutReranker(alone), async (advisor) => {
    const findings: Finding[] = [];
    try {
      const { model, adapters } = await advisor.status();
      findings.push(chatModel(model, flags), device(model), ...adapters.map(adapter));
      if (adapters.length === 0) findings.push(noAdapters());
    } catch (error) {
      findings.push(failed("models", "model", error));
    }
    return [...findings, ...(await searchModels(context, flags, alone))];
  });
}

/** The native library that runs the chat model. */
export async function examineEngine(context: CommandContext): Promise<Finding> {
  const { hardware } = await context.host.core();
  try {
    const { cpu, gpu, llamaCpp } = await hardware();
    const devices = gpu ? `, ${gpu.backend} with ${gpu.devices.join(", ")}` : "";
    return {
      section: "machine",
      name: "llama.cpp",
      status: "ok",
      text: `release ${llamaCpp.release}, ${llamaCpp.build}, computes on ${counted(cpu.mathCores, "core")} with ${cpu.features.join(", ")}${devices}`,
      facts: { ...llamaCpp, cpu, gpu },
    };
  } catch (error) {
    return failed("machine", "llama.cpp", error);
  }
}

/** Apart from the chat model, so that one's failure is not told as the other's. */
async function searchModels(
  context: CommandContext,
  flags: StoreFlags & RerankFlags,
  settings: AdvisorSettings,
): Promise<Finding[]> {
  const { adapters: _, ...others } = settings;
  const load = async (name: string, text: string, wanted: AdvisorSettings): Promise<Finding> => {
    try {
      await withAdvisor(context, { ...wanted, model: absentModel() }, (advisor) => advisor.warmUp());
      return { section: "models", name, status: "ok", text };
    } catch (error) {
      return failed("models", name, error);
    }
  };
  const words =
    flags.embedder === EMBEDDED ? "nano, found and its hash is right" : `${flags.embedder}, found and works`;
  const embedder = await load("embedder", words, withoutReranker(others));
  if (flags.reranker === undefined || embedder.status === "fail") return [embedder];
  return [embedder, await load("reranker", `${flags.reranker}, found and works`, others)];
}

/** A reranker that does not load is told of in its own line. */
function withoutReranker({ reranker: _, rerankDepth: __, ...others }: AdvisorSettings): AdvisorSettings {
  return others;
}

function chatModel(model: ModelInfo, flags: ModelFlags): Finding {
  const millions = model.parameters / 1e6;
  const size = millions >= 1000 ? `${(millions / 1000).toFixed(1)} B` : `${Math.round(millions)} M`;
  const hash =
    flags.model === EMBEDDED
      ? "found and its hash is right"
      : `fingerprint ${model.fingerprint.slice(0, 12)}`;
  return {
    section: "models",
    name: "model",
    status: "ok",
    text: `${model.name}, ${model.architecture}, ${size} parameters, ${model.quantization}, context ${model.contextLength.toLocaleString("en")} tokens, ${hash}`,
    facts: { ...model },
  };
}

function device(model: ModelInfo): Finding {
  return {
    section: "machine",
    name: "gpu",
    status: "ok",
    text: model.device === "cpu" ? "none in use, the CPU writes" : `in use through ${model.device}`,
    facts: { device: model.device },
  };
}

function adapter({ name, manifest, warnings }: LoadedAdapter): Finding {
  const text = `${name}, rank ${manifest.rank}, writes ${formWords(manifest.form.type)}`;
  const [warning] = warnings;
  return {
    section: "models",
    name: "adapter",
    status: warning ? "warn" : "ok",
    text: warning ? `${text}. ${warning.message}` : `${text}, loads and changes the model`,
    facts: { name, warnings },
  };
}

const formWords = (form: "free" | "wrapped" | "json") =>
  ({ free: "freely", wrapped: "its words around the evidence", json: "JSON" })[form];

function noAdapters(): Finding {
  return {
    section: "models",
    name: "adapter",
    status: "warn",
    text: "none for this model: the modes adapter and hybrid will not run",
    nextStep: "Name one with --adapters FILE",
  };
}

/** The store, opened without the chat model. */
export async function examineStore(
  context: CommandContext,
  flags: StoreFlags,
  settings: AdvisorSettings,
): Promise<Finding[]> {
  const location = storeLocation(context, flags);
  if (!existsSync(location)) {
    return [
      {
        section: "store",
        name: "store",
        status: "warn",
        text: `${location}: none yet`,
        nextStep: `Make it with \`${syncHint(flags)}\``,
        facts: { location, exists: false },
      },
    ];
  }
  const { adapters: _, ...others } = withoutReranker(settings);
  try {
    const { store } = await withAdvisor(context, { ...others, model: absentModel() }, (advisor) =>
      advisor.status(),
    );
    const writer = store.writer === undefined ? [] : [writerFinding(store.writer)];
    const moving = store.reembedding === undefined ? [] : [reembeddingFinding(store.reembedding)];
    const tenants = store.tenants.map((tenant) => tenantFinding(tenant));
    return [healthy(store, flags), ...tenants, ...moving, ...writer];
  } catch (error) {
    return [failed("store", "store", error)];
  }
}

function healthy(store: AdvisorStatus["store"], flags: StoreFlags): Finding {
  const empty = store.tenants.every(({ documents }) => documents === 0);
  return {
    section: "store",
    name: "store",
    status: empty ? "warn" : "ok",
    text: `${store.location}, format ${store.format}, embedder ${store.embedder.id} (${store.embedder.dimensions} dimensions)${empty ? ", empty" : ""}`,
    ...(empty && { nextStep: `Fill it with \`${syncHint(flags)}\`` }),
    facts: { ...store },
  };
}

function tenantFinding({ tenant, documents, chunks }: AdvisorStatus["store"]["tenants"][number]): Finding {
  return {
    section: "store",
    name: "tenant",
    status: "ok",
    text: `${tenant}: ${counted(documents, "page")}, ${counted(chunks, "chunk")}`,
    facts: { tenant, documents, chunks },
  };
}

function reembeddingFinding(next: NonNullable<AdvisorStatus["store"]["reembedding"]>): Finding {
  return {
    section: "store",
    name: "reembed",
    status: "warn",
    text: `begun to ${next.id} (${next.dimensions} dimensions) and not finished: until then this embedder serves`,
    nextStep:
      "Run `advisor reembed` again with the same --embedder to finish, or with the present one to drop it",
    facts: { ...next },
  };
}

function writerFinding(writer: string): Finding {
  return {
    section: "store",
    name: "writer",
    status: "warn",
    text: `${writer}, is writing to it: reading works, and other writers wait`,
    facts: { writer },
  };
}

/** Who questions are asked as, under the flags at hand. */
export async function examinePrincipal(
  context: CommandContext,
  flags: StoreFlags & { readonly role: readonly string[] },
  settings: AdvisorSettings,
  principal: Principal,
): Promise<Finding> {
  const unnamed = flags.tenant === undefined && flags.role.length === 0;
  const administrator = principal.roles.includes(ADMINISTRATOR);
  const who = administrator
    ? `administrator of the tenant ${principal.tenant}: every page of it is readable`
    : `${principal.roles.join(", ")} of the tenant ${principal.tenant}`;
  const found: Finding = {
    section: "access",
    name: "principal",
    status: "ok",
    text: unnamed ? `nobody is named, so you ask as ${who}` : `you ask as ${who}`,
    facts: { ...principal, named: !unnamed },
  };
  if (!mayHaveStore(context, flags)) return found;
  const { adapters: _, ...others } = withoutReranker(settings);
  try {
    await withAdvisor(context, { ...others, model: absentModel() }, (advisor) =>
      requireKnownRoles(advisor, principal),
    );
    return found;
  } catch (error) {
    // A store that does not open is told of in its own line.
    if (AdvisorError.isInstance(error) && error.code === "unknown_role")
      return failed("access", "principal", error);
    return found;
  }
}

function failed(section: Finding["section"], name: string, error: unknown): Finding {
  if (AdvisorError.isInstance(error)) {
    const { code, subject, reason, nextStep } = error;
    return { section, name, status: "fail", text: `${subject}: ${reason}`, nextStep, facts: { code } };
  }
  const text = (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
  return { section, name, status: "fail", text, facts: { code: "internal" } };
}
