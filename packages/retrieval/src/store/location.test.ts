import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { parseLocation, secretsOf } from "./location.ts";

const refusal = (location: string, options = {}, allowRemote = false) => {
  try {
    return parseLocation(location, options, allowRemote);
  } catch (error) {
    return error;
  }
};
const here = {
  awsEndpoint: "http://127.0.0.1:9000",
  aws_access_key_id: "K",
  aws_secret_access_key: "S3CRET",
};

describe("parseLocation", () => {
  test("takes folders, and file URIs as folders", () => {
    expect(parseLocation("store", {}, false)).toEqual({ kind: "folder", path: resolve("store") });
    expect(parseLocation("file:///tmp/a%20b", {}, false)).toEqual({ kind: "folder", path: "/tmp/a b" });
    expect(refusal("store", here)).toMatchObject({ code: "invalid_setting", wrongUse: true });
  });

  test.each(["s3://b/p", "gs://b/p", "az://b/p", "S3://b"])("refuses %s without leave", (uri) => {
    expect(refusal(uri)).toMatchObject({ message: expect.stringMatching(/network.*off.*allowRemote/) });
    expect(refusal(uri, {}, true)).toMatchObject({ kind: "object-store", uri });
  });

  test("a server on this machine needs no leave", () => {
    const ok = { kind: "object-store", uri: "s3://b/p", options: { aws_endpoint: expect.any(String) } };
    for (const host of ["127.0.0.1", "127.1.2.3", "localhost", "[::1]"])
      expect(refusal("s3://b/p/", { ...here, awsEndpoint: `http://${host}:9000` })).toMatchObject(ok);
    expect(
      refusal("az://b/p", { azure_storage_endpoint: "http://localhost:1", azure_storage_account_key: "k" }),
    ).toMatchObject({ kind: "object-store" });
  });

  test("an emulator of Google's on this machine needs none, and nothing else of Google's does not", () => {
    const account = (over: object = {}) => ({
      google_base_url: "http://127.0.0.1:9000",
      google_service_account_key: JSON.stringify({ disable_oauth: true, ...over }),
    });
    expect(refusal("gs://b/p", account())).toMatchObject({ kind: "object-store" });
    expect(refusal("gs://b/p", account({ gcs_base_url: "http://localhost:1" }))).toMatchObject({
      kind: "object-store",
    });
    for (const options of [
      { ...account(), google_base_url: "https://storage.googleapis.com" },
      { ...account(), base_url: "https://storage.googleapis.com" },
      { google_service_account_key: account().google_service_account_key },
      { google_base_url: account().google_base_url, google_skip_signature: "true" },
      { ...account(), google_service_account_key: "no JSON" },
      { ...account(), google_service_account_path: "/etc/account.json" },
      { ...account(), googleApplicationCredentials: "/etc/account.json" },
      account({ disable_oauth: "true" }),
      account({ disable_oauth: false }),
      account({ gcs_base_url: "https://storage.googleapis.com" }),
      here,
    ]) {
      expect(refusal("gs://b/p", options)).toMatchObject({ message: expect.stringContaining("allowRemote") });
    }
  });

  test("LanceDB's own service is refused, with leave too: what it lacks is said", () => {
    expect(refusal("db://mine", { api_key: "sk_S3CRET" }, true)).toMatchObject({
      code: "invalid_setting",
      message: expect.stringMatching(/lacks calls.*erasing.*s3:\/\//),
    });
  });

  test.each([
    ["another endpoint beside it", { ...here, endpoint: "https://s3.example.com" }],
    ["a name that begins like it", { ...here, awsEndpoint: "http://127.0.0.1.example.com" }],
    ["a user that looks like it", { ...here, awsEndpoint: "http://127.0.0.1@example.com" }],
    ["no URL", { ...here, awsEndpoint: "127.0.0.1" }],
    ["no key, which the cloud would be asked for", { awsEndpoint: here.awsEndpoint }],
    ["an endpoint of another service", { azure_endpoint: here.awsEndpoint, aws_access_key_id: "K" }],
  ])("which is not: %s", (_, options) => {
    expect(refusal("s3://b/p", options)).toMatchObject({ code: "invalid_setting" });
  });

  test.each([
    "http://x/y",
    "memory://",
    "s3+ddb://b/p",
    "s3://",
    "s3:///",
    "s3://key:S3CRET@b/p",
    "s3://b/p?secret=S3CRET",
    "file://other/x",
  ])("refuses %s, and repeats no secret", (uri) => {
    expect(refusal(uri, {}, true)).toMatchObject({
      code: "invalid_setting",
      message: expect.not.stringContaining("S3CRET"),
    });
  });
});

test("secretsOf names what no message may hold, and leaves what helps", () => {
  expect(
    secretsOf({ ...here, aws_region: "us-east-1", allow_http: "true", azure_sas_token: "sv=1" }),
  ).toEqual(["S3CRET", "sv=1"]);
});
