/** Whether a store lies in a folder of this machine; else its location is a LanceDB URI such as `s3://bucket/store`. */
export function isLocalFolder(location: string): boolean {
  return !/^[a-z][a-z0-9+.-]*:\/\//i.test(location);
}
