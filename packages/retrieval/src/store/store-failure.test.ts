import { expect, test } from "vitest";
import { storeFailure } from "./store-failure.ts";

test.each([
  [
    "lance error: LanceError(IO): Generic LocalFileSystem error: Unable to copy: No space left on device (os error 28)",
    "store_disk_full",
  ],
  ["ENOSPC: no space left on device, write", "store_disk_full"],
  ["Disk quota exceeded (os error 122)", "store_disk_full"],
  ["EACCES: permission denied, open", "store_failed"],
  ["Read-only file system (os error 30)", "store_failed"],
  ["lance error: LanceError(IO): does not have sufficient data, len: 10", "store_corrupt"],
  ["Object at location /x/data/y.lance not found", "store_corrupt"],
  ["lance error: LanceError(IO): Too many open files (os error 24)", "store_failed"],
  ["something else", "store_failed"],
  [
    "Unable to find object store prefix: no Azure account name in URI, and no storage account",
    "invalid_setting",
  ],
  [
    "Error performing token request: Error performing GET http://169.254.169.254/: 403 Forbidden",
    "store_failed",
  ],
  ["Server returned non-2xx status code: 404 Not Found: <Code>ContainerNotFound</Code>", "store_missing"],
])("%s is %s", (message, code) => {
  expect(storeFailure(new Error(message), "/store")).toMatchObject({
    code,
    subject: "knowledge store /store",
  });
});

test("no byte of the store and no place in the engine's sources is in the message", () => {
  const { message } = storeFailure(
    new Error(
      'LanceError(IO): not sufficient data, len: 10, bytes: b"secret", /usr/cargo/lance/src/utils.rs:71:20 Caused by',
    ),
    "/store",
  );
  expect(message).not.toMatch(/secret|cargo/);
});
