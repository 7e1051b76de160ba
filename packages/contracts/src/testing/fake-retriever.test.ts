import { describeAdministration } from "./administration-suite.ts";
import { createFakeRetriever } from "./fake-retriever.ts";
import { describeRetriever } from "./retriever-suite.ts";

describeRetriever("fake", async () => createFakeRetriever());
describeAdministration("fake", async () => createFakeRetriever());
