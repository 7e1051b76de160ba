import { describeAdministration } from "./administration-suite.ts";
import { createFakeRetriever } from "./fake-retriever.ts";
import { describeHistory } from "./history-suite.ts";
import { describeRetriever } from "./retriever-suite.ts";

describeRetriever("fake", async () => createFakeRetriever());
describeHistory("fake", async () => createFakeRetriever());
describeAdministration("fake", async () => createFakeRetriever());
