/** Whether a store's location is a folder, and not the URI of an object store. */
export function isLocalLocation(location: string): boolean {
  return !/^[a-z][a-z0-9+.-]*:\/\//i.test(location);
}
