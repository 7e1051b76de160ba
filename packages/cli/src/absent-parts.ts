import {
  type ChangeReport,
  type Document,
  type Generator,
  type Retriever,
  StoreError,
} from "@advisor/contracts";

/** A retriever in place of a store that does not exist, so that what needs no store can run without making one. */
export function absentStore(location: string): Retriever {
  const refuse = async (): Promise<never> => {
    throw new StoreError({
      code: "store_missing",
      subject: `store ${location}`,
      reason: "there is none yet",
      nextStep: "Make it with `advisor sync FOLDER`, or name another with --store",
    });
  };
  return {
    search: refuse,
    document: refuse as () => Promise<Document | undefined>,
    upsert: refuse as () => Promise<ChangeReport>,
    remove: refuse as () => Promise<ChangeReport>,
    sync: refuse as () => Promise<ChangeReport>,
    roles: async () => [],
    status: async () => ({ location, embedder: { id: "none", dimensions: 0 }, tenants: [], format: 0 }),
    dispose: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}

/** A generator in place of a model that is not asked, so that a store's state can be read without loading one. */
export function absentModel(): Generator {
  return {
    model: {
      name: "none",
      architecture: "none",
      quantization: "none",
      parameters: 0,
      contextLength: 0,
      fingerprint: "",
      chatTemplateSha256: "",
      tokenizerSha256: "",
      device: "none",
    },
    capabilities: { adapters: false, formats: false, likelihood: false },
    // biome-ignore lint/correctness/useYield: it is never asked to write
    async *generate() {
      throw new Error("no model is loaded");
    },
    countTokens: () => 0,
    adapters: () => [],
    dispose: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}
