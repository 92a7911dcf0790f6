/**
 * @file A file that is read by position, and kept open while it is: opening it for each read took half the time of a
 * model with thousands of weights. It is closed when nothing has been read for a moment, so that nobody must.
 */

import { type FileHandle, open } from "node:fs/promises";

/** Longer than the pauses between the reads of one model, shorter than anybody waits for a file to be free. */
const IDLE_MS = 100;

export interface KeptHandle {
  use<T>(read: (handle: FileHandle) => Promise<T>): Promise<T>;
  /** Now, or when the last read under way has ended. It opens again when it is used again. */
  close(): Promise<void>;
}

export function keptHandle(path: string): KeptHandle {
  let handle: Promise<FileHandle> | null = null;
  let timer: NodeJS.Timeout | undefined;
  let users = 0;
  let closing = false;
  const close = async (): Promise<void> => {
    clearTimeout(timer);
    if (users > 0) {
      closing = true;
      return;
    }
    closing = false;
    const closed = handle;
    handle = null;
    await (await closed?.catch(() => null))?.close();
  };
  return {
    async use(read) {
      clearTimeout(timer);
      users++;
      handle ??= open(path, "r");
      const opened = handle;
      opened.catch(() => {
        if (handle === opened) handle = null;
      });
      try {
        return await read(await opened);
      } finally {
        users--;
        if (users === 0 && closing) await close();
        else if (users === 0) timer = setTimeout(() => void close(), IDLE_MS).unref();
      }
    },
    close,
  };
}
