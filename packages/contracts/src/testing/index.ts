export { describeAdministration } from "./administration-suite.ts";
export { describeEmbedder } from "./embedder-suite.ts";
export { createFakeEmbedder, type FakeEmbedder, type FakeEmbedderOptions } from "./fake-embedder.ts";
export {
  createFakeGenerator,
  type FakeGenerator,
  type FakeGeneratorCall,
  type FakeGeneratorSettings,
  type FakeReply,
  fakeAdapter,
} from "./fake-generator.ts";
export { createFakeRetriever, type FakeRetriever } from "./fake-retriever.ts";
export { createFakeS3, type FakeS3, type S3Credentials, type S3Fault } from "./fake-s3/fake-s3.ts";
export { describeGenerator, type GeneratorUnderTest } from "./generator-suite.ts";
export { describeHistory } from "./history-suite.ts";
export { describeRetriever } from "./retriever-suite.ts";
