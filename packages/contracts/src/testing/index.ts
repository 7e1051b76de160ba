export {
  createFakeGenerator,
  type FakeGenerator,
  type FakeGeneratorCall,
  type FakeGeneratorSettings,
  type FakeReply,
  fakeAdapter,
} from "./fake-generator.ts";
