/** @file Blobs and files of a page: read where they are needed, and made of what a writer hands over. */

import type { OutputFile } from "./output.ts";
import { requireWithin, type Source } from "./source.ts";

/** What `Blob` and `File` are in every browser and in Node. */
export interface BlobLike {
  readonly size: number;
  slice(start: number, end: number): BlobLike;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** Only what is asked for is read. A page whose user changed the file meanwhile gets the browser's own error. */
export function blobSource(blob: BlobLike, name: string): Source {
  const { size: sizeBytes } = blob;
  return {
    name,
    sizeBytes,
    async read(offset, length) {
      requireWithin({ name, sizeBytes }, offset, length);
      return new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
    },
  };
}

/**
 * The bytes of a written file, for a page to offer as a download. Each piece becomes a blob at once: those are the
 * browser's, which may put them on disk, so that a large model need not fit the page's memory.
 */
export async function blobOf(file: OutputFile): Promise<Blob> {
  const parts: Blob[] = [];
  for await (const piece of file.pieces()) parts.push(new Blob([piece as Uint8Array<ArrayBuffer>]));
  return new Blob(parts);
}
