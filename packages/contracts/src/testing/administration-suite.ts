import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ADMINISTRATOR, type Principal } from "../access.ts";
import type { Retriever, SearchMode } from "../retriever.ts";

/** What every {@link Retriever} that has `reindex` and `removeTenant` must do. `make` gives an empty one at each call. */
export function describeAdministration(name: string, make: () => Promise<Retriever>): void {
  describe(`administration contract: ${name}`, () => {
    let retriever: Retriever;
    beforeEach(async () => {
      retriever = await make();
      for (const tenant of ["one", "two"]) {
        await retriever.upsert(
          [
            { uri: "a", text: `The zebra of ${tenant}.`, roles: ["hr"] },
            { uri: "b", text: `The lion of ${tenant}.` },
          ],
          { tenant },
        );
      }
    });
    afterEach(() => retriever.dispose());

    const modes: readonly SearchMode[] = ["hybrid", "vector", "keyword"];
    const administrator = (tenant: string): Principal => ({ tenant, roles: [ADMINISTRATOR] });
    const reindex = (principal: Principal) => retriever.reindex?.({ principal });
    const remove = (principal: Principal) => retriever.removeTenant?.({ principal });
    const find = async (tenant: string, mode: SearchMode = "hybrid") =>
      (await retriever.search({ query: "zebra lion", principal: administrator(tenant), mode })).passages;
    const tenants = async () => (await retriever.status()).tenants.map(({ tenant }) => tenant);

    test("a removed tenant is gone, the others are untouched", async () => {
      const others = await find("two");
      const [passage] = await find("one");
      expect(await remove(administrator("one"))).toMatchObject({ tenant: "one", documents: 2, chunks: 2 });
      for (const mode of modes) expect(await find("one", mode)).toEqual([]);
      expect(await retriever.document(passage?.documentId ?? "", administrator("one"))).toBeUndefined();
      expect(await retriever.roles("one")).toEqual([]);
      expect(await tenants()).toEqual(["two"]);
      expect(await find("two")).toEqual(others);
    });

    test("it can be removed again, and filled again", async () => {
      await remove(administrator("one"));
      expect(await remove(administrator("one"))).toMatchObject({ documents: 0, chunks: 0 });
      await retriever.upsert([{ uri: "a", text: "A new zebra." }], { tenant: "one" });
      for (const mode of modes) {
        expect((await find("one", mode)).map(({ text }) => text)).toEqual(["A new zebra."]);
      }
    });

    test("reindexing changes nothing that is found", async () => {
      const before = await Promise.all(modes.map((mode) => find("one", mode)));
      expect(await reindex(administrator("one"))).toMatchObject({ tenant: "one", documents: 2, chunks: 2 });
      expect(await Promise.all(modes.map((mode) => find("one", mode)))).toEqual(before);
      expect(await reindex(administrator("nobody's"))).toMatchObject({ documents: 0, chunks: 0 });
      expect(await tenants()).toEqual(["one", "two"]);
    });

    test("only administrators may, and only their own tenant", async () => {
      for (const principal of [
        { tenant: "one", roles: ["hr"] },
        { tenant: "one", roles: [] },
      ]) {
        await expect(remove(principal)).rejects.toMatchObject({ code: "not_permitted" });
        await expect(reindex(principal)).rejects.toMatchObject({ code: "not_permitted" });
      }
      await remove(administrator("another"));
      const more = { ...administrator("another"), of: "one" } as Principal;
      await expect(remove(more)).rejects.toMatchObject({ wrongUse: true });
      expect(await tenants()).toEqual(["one", "two"]);
    });

    test("an aborted signal leaves everything", async () => {
      const request = { principal: administrator("one"), signal: AbortSignal.abort() };
      await expect(retriever.removeTenant?.(request)).rejects.toMatchObject({ code: "cancelled" });
      await expect(retriever.reindex?.(request)).rejects.toMatchObject({ code: "cancelled" });
      expect(await find("one")).toHaveLength(2);
    });
  });
}
