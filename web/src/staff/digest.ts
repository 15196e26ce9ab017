/** What a part is recognised by. */

/** Base64 of the SHA-256, as S3 writes it. Rejects when the file can no longer be read. */
export async function sha256Base64(blob: Blob): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}
