/** Whether an image is named by an address on the web. Client and daemon both ask, so they cannot disagree. */
export function isWebAddress(image: string): boolean {
  return /^https?:\/\//i.test(image);
}
