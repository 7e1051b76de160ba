import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ADMINISTRATOR, DEFAULT_PRINCIPAL, type Principal } from "../access.ts";
import type { Retriever, SearchMode } from "../retriever.ts";

/** What every {@link Retriever} that keeps history must do. `make` gives an empty one at each call. */
export function describeHistory(name: string, make: () => Promise<Retriever>): void {
  describe(`history contract: ${name}`, () => {
    let retriever: Required<Pick<Retriever, "versions" | "purge">> & Retriever;
    beforeEach(async () => {
      const made = await make();
      if (!made.versions || !made.purge) throw new Error("this retriever keeps no history");
      retriever = made as typeof retriever;
    });
    afterEach(() => retriever.dispose());

    const modes: readonly SearchMode[] = ["hybrid", "vector", "keyword"];
    const admin = DEFAULT_PRINCIPAL;
    const as = (...roles: string[]): Principal => ({ tenant: "default", roles });
    const page = (text: string, roles?: string[]) => ({ uri: "a.md", text, ...(roles && { roles }) });
    /** An instant after all that was done, and before all that will be. */
    const instant = async () => {
      const tick = async () => {
        const begin = Date.now();
        while (Date.now() === begin) await new Promise(setImmediate);
      };
      await tick();
      const now = new Date();
      await tick();
      return now;
    };
    const find = async (query: string, asOf?: Date, principal = admin, mode: SearchMode = "hybrid") =>
      (await retriever.search({ query, principal, mode, topK: 20, ...(asOf && { asOf }) })).passages;
    const texts = async (...request: Parameters<typeof find>) =>
      (await find(...request)).map(({ text }) => text).sort();

    test("an earlier state is found as it stood, on every leg, and the present one is not touched", async () => {
      await retriever.upsert([page("The zebra eats grass."), { uri: "b.md", text: "The zebra drinks." }]);
      const first = await instant();
      await retriever.upsert([page("The zebra eats hay.")]);
      const second = await instant();
      await retriever.remove(["a.md"]);
      for (const mode of modes) {
        expect(await texts("zebra", first, admin, mode)).toEqual([
          "The zebra drinks.",
          "The zebra eats grass.",
        ]);
        expect(await texts("zebra", second, admin, mode)).toEqual([
          "The zebra drinks.",
          "The zebra eats hay.",
        ]);
        expect(await texts("zebra", await instant(), admin, mode)).toEqual(["The zebra drinks."]);
        expect(await texts("zebra", undefined, admin, mode)).toEqual(["The zebra drinks."]);
      }
    });

    test("a passage names its version and when it stood, and its document is there as it was", async () => {
      await retriever.upsert([page("# Zebra\n\nIt eats grass.")]);
      const then = await instant();
      await retriever.upsert([page("# Zebra\n\nA long word before. It eats grass.")]);
      const [now] = await find("grass");
      expect(now?.validFrom).toBeDefined();
      expect(now?.validTo).toBeUndefined();
      const [former] = await find("grass", then);
      expect(former?.validTo).toBe(now?.validFrom);
      expect(former?.version).not.toBe(now?.version);
      const document = await retriever.document(former?.documentId ?? "", admin, { asOf: then });
      expect(document?.version).toBe(former?.version);
      expect(document?.text.slice(former?.start, former?.end)).toBe(former?.text);
      expect((await retriever.document(former?.documentId ?? "", admin))?.version).toBe(now?.version);
    });

    test("who may read an earlier state is decided by the rule of today", async () => {
      await retriever.upsert([page("The zebra earns hay.", ["hr", "staff"])]);
      const first = await instant();
      await retriever.upsert([page("The zebra earns grass.", ["hr"])]);
      for (const mode of modes) {
        expect(await texts("zebra", first, as("staff"), mode)).toEqual([]);
        expect(await texts("zebra", first, as("hr"), mode)).toEqual(["The zebra earns hay."]);
      }
      await retriever.upsert([page("The zebra earns grass.", ["staff"])]);
      for (const mode of modes) {
        expect(await texts("zebra", first, as("staff"), mode)).toEqual(["The zebra earns hay."]);
        expect(await texts("zebra", first, as("hr"), mode)).toEqual([]);
      }
      await retriever.remove(["a.md"]);
      for (const mode of modes) {
        expect(await texts("zebra", first, as("staff", "hr"), mode)).toEqual([]);
        expect(await texts("zebra", first, as(ADMINISTRATOR), mode)).toEqual(["The zebra earns hay."]);
        expect(await texts("zebra", first, { tenant: "other", roles: [ADMINISTRATOR] }, mode)).toEqual([]);
      }
      const [{ documentId } = { documentId: "" }] = await find("zebra", first);
      expect(await retriever.document(documentId, as("hr"), { asOf: first })).toBeUndefined();
      expect(await retriever.versions({ documentId }, as("hr"))).toEqual([]);
    });

    test("counts and facets are of the earlier state, under the rules of today", async () => {
      const { count, facets } = retriever;
      if (!count || !facets) return;
      const about = (uri: string, product: string, roles: string[]) => ({
        ...{ uri, text: `The ${product}.`, roles, metadata: { product } },
      });
      await retriever.upsert([about("a.md", "tarn", ["hr", "staff"]), about("b.md", "tarn", ["staff"])]);
      const then = await instant();
      await retriever.upsert([about("a.md", "rill", ["hr"]), about("c.md", "rill", ["staff"])]);
      await retriever.remove(["b.md"]);
      const grouped = async (principal: Principal, asOf?: Date) => {
        const request = { principal, ...(asOf && { asOf }) };
        const found = await facets({ ...request, by: [{ key: "product" }, "role"] });
        const { documents } = await count(request);
        expect(found.documents).toBe(documents);
        return found.facets.map(({ values }) => values.map((each) => [each.value, each.documents]));
      };
      expect(await grouped(admin, then)).toEqual([[["tarn", 2]], [["hr", 1]]]);
      expect(await grouped(as("hr"), then)).toEqual([[["tarn", 1]], [["hr", 1]]]);
      expect(await grouped(as("staff"), then)).toEqual([[], []]);
      expect(await grouped(admin)).toEqual([
        [["rill", 2]],
        [
          ["hr", 1],
          ["staff", 1],
        ],
      ]);
      const filter = { key: "product", equals: "rill" } as const;
      expect(await count({ principal: admin, asOf: then, filter })).toEqual({ documents: 0, passages: 0 });
      expect(await grouped({ tenant: "other", roles: [ADMINISTRATOR] }, then)).toEqual([[], []]);
    });

    test("versions are listed latest first, to who may read them", async () => {
      await retriever.upsert([page("One.", ["hr"])]);
      await retriever.upsert([page("Two.", ["hr"])]);
      await retriever.upsert([page("Two.", ["hr"])]);
      const versions = await retriever.versions({ uri: "a.md" }, as("hr"));
      expect(versions).toHaveLength(2);
      expect(versions[0]).toMatchObject({ uri: "a.md", source: "upsert", chunks: 1 });
      expect(versions[0]?.validTo).toBeUndefined();
      expect(versions[1]?.validTo).toBe(versions[0]?.validFrom);
      const { documentId = "" } = versions[0] ?? {};
      expect(await retriever.versions({ documentId }, as("hr"))).toEqual(versions);
      expect(await retriever.versions({ uri: "a.md", source: "elsewhere" }, as("hr"))).toEqual([]);
      expect(await retriever.versions({ uri: "a.md" }, as("staff"))).toEqual([]);
      expect(await retriever.versions({ uri: "never.md" }, admin)).toEqual([]);
    });

    test("what is purged is in no version; the rest stays", async () => {
      await retriever.upsert([page("The zebra eats grass."), { uri: "b.md", text: "The zebra drinks." }]);
      const first = await instant();
      await retriever.upsert([page("The zebra eats hay.")]);
      const report = await retriever.purge([{ uri: "a.md" }, { uri: "never.md" }], admin);
      expect(report.purged).toMatchObject([{ uri: "a.md", source: "upsert", versions: 2 }]);
      expect(report.skipped.map(({ uri }) => uri)).toEqual(["never.md"]);
      for (const mode of modes) {
        expect(await texts("zebra", first, admin, mode)).toEqual(["The zebra drinks."]);
        expect(await texts("zebra", undefined, admin, mode)).toEqual(["The zebra drinks."]);
      }
      expect(await retriever.versions({ uri: "a.md" }, admin)).toEqual([]);
      expect(await retriever.upsert([page("The zebra is back.")])).toMatchObject({ added: ["a.md"] });
    });

    test("only an administrator purges, and in no other tenant", async () => {
      await retriever.upsert([page("The zebra.", ["hr"])]);
      await expect(retriever.purge([{ uri: "a.md" }], as("hr"))).rejects.toMatchObject({
        code: "not_permitted",
      });
      const other = await retriever.purge([{ uri: "a.md" }], { tenant: "other", roles: [ADMINISTRATOR] });
      expect(other.purged).toEqual([]);
      expect(await texts("zebra")).toEqual(["The zebra."]);
    });

    test("an instant to come, or before anything is known, is wrong use", async () => {
      await retriever.upsert([page("The zebra.")]);
      const search = (asOf: string | Date) => retriever.search({ query: "zebra", principal: admin, asOf });
      await expect(search(new Date(Date.now() + 3_600_000))).rejects.toMatchObject({
        code: "invalid_request",
        wrongUse: true,
      });
      await expect(search("2001-01-01")).rejects.toMatchObject({
        code: "history_unavailable",
        wrongUse: true,
      });
      for (const asOf of ["yesterday", "2026-02-30", "2026-03-01T09:00", new Date(Number.NaN)]) {
        await expect(search(asOf)).rejects.toMatchObject({ code: "invalid_request", wrongUse: true });
        const request = { principal: admin, asOf };
        await expect(retriever.count?.(request) ?? search(asOf)).rejects.toMatchObject({ wrongUse: true });
      }
      const facets = (asOf: string | Date) =>
        retriever.facets?.({ principal: admin, by: ["source"], asOf }) ?? search(asOf);
      await expect(facets("2001-01-01")).rejects.toMatchObject({ code: "history_unavailable" });
      await expect(facets(new Date(Date.now() + 3_600_000))).rejects.toMatchObject({
        code: "invalid_request",
      });
      for (const reference of [{}, { uri: "" }, { uri: "\ud800" }, { uri: "a", documentId: "b" }]) {
        await expect(retriever.versions(reference as { uri: string }, admin)).rejects.toMatchObject({
          wrongUse: true,
        });
      }
    });
  });
}
