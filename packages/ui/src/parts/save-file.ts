// Files for whoever reads the page.

/** Hands a file to the browser. */
export function saveFile(bytes: Uint8Array<ArrayBuffer>, mediaType: string, fileName: string): void {
  const address = URL.createObjectURL(new Blob([bytes], { type: mediaType }));
  const link = document.createElement('a');
  link.href = address;
  link.download = fileName;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
