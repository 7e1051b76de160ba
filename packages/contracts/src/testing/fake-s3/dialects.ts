import type { IncomingHttpHeaders } from "node:http";
import type { S3Credentials } from "./fake-s3.ts";

/** In what a service's protocol differs from S3's. */
export interface Dialect {
  /** LanceDB's names for endpoint and credentials. */
  storageOptions(endpoint: string, credentials: S3Credentials): Readonly<Record<string, string>>;
  isLetIn(headers: IncomingHttpHeaders, credentials: S3Credentials): boolean;
  /** The request's headers as S3 has them. */
  headersOf(headers: IncomingHttpHeaders): IncomingHttpHeaders;
}

const s3: Dialect = {
  storageOptions: (endpoint, { accessKeyId, secretAccessKey }) => ({
    aws_endpoint: endpoint,
    aws_access_key_id: accessKeyId,
    aws_secret_access_key: secretAccessKey,
    aws_region: "us-east-1",
    allow_http: "true",
  }),
  // The signature itself is not checked.
  isLetIn: ({ authorization }, { accessKeyId }) =>
    authorization?.includes(`Credential=${accessKeyId}/`) === true,
  headersOf: (headers) => headers,
};

/** Google Cloud Storage by its XML API, which differs in names and in how a condition is put. Without signatures. */
const gcs: Dialect = {
  storageOptions: (endpoint) => ({
    // As of emulators. With google_skip_signature the client signs no read, and asks Google for a key at the first write.
    google_base_url: endpoint,
    google_service_account_key: JSON.stringify({
      disable_oauth: true,
      client_email: "",
      private_key: "",
      private_key_id: "",
    }),
    allow_http: "true",
  }),
  isLetIn: () => true,
  headersOf: ({ "x-goog-if-generation-match": generation, "x-goog-copy-source": source, ...headers }) => ({
    ...headers,
    // No generation is the generation 0.
    ...(generation === "0" && { "if-none-match": "*" }),
    ...(source !== undefined && { "x-amz-copy-source": source }),
  }),
};

export const DIALECTS = { s3, gcs } as const;
