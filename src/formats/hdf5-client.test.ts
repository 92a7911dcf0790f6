/** @file What becomes of a thread that hangs, dies or traps: a typed error for every waiting caller, and no thread. */

import { expect, test } from "vitest";
import type { Hdf5Reply } from "./hdf5.ts";
import { connectHdf5, type Hdf5Thread } from "./hdf5-client.ts";

/** A thread that opens its file and then does as told. */
function pretend(onPost: (id: number, act: { reply(r: Hdf5Reply): void; end(oom: boolean): void }) => void) {
  let reply: (r: Hdf5Reply) => void = () => {};
  let end: (reason: string, outOfMemory: boolean) => void = () => {};
  const seen = { killed: 0, posted: 0 };
  const thread: Hdf5Thread = {
    post: ({ id }) => {
      seen.posted++;
      onPost(id, { reply, end: (oom) => end("it died", oom) });
    },
    onReply: (listener) => {
      reply = listener;
      queueMicrotask(() => listener({ id: 0, ok: true, value: null }));
    },
    onEnd: (listener) => {
      end = listener;
    },
    kill: async () => void seen.killed++,
  };
  return { thread, seen };
}

const options = { name: "x.h5", timeoutMs: 30 };

test("a request without an answer ends as file.limit, kills the thread, and those waiting behind it fail too", async () => {
  const { thread, seen } = pretend(() => {});
  const file = await connectHdf5(thread, options);
  const [first, second] = await Promise.allSettled([file.group("/a"), file.group("/b")]);
  expect(first).toMatchObject({ status: "rejected", reason: { code: "file.limit", where: "x.h5:/a" } });
  expect(second).toMatchObject({ status: "rejected", reason: { code: "file.limit" } });
  expect(seen).toEqual({ killed: 1, posted: 1 });
});

test("a trap inside the library is file.malformed, and the thread is not used again", async () => {
  const error = {
    code: "file.malformed",
    details: { reason: "memory access out of bounds" },
    where: "",
    fatal: true,
  };
  const { thread, seen } = pretend((id, { reply }) => reply({ id, ok: false, error }));
  const file = await connectHdf5(thread, options);
  await expect(file.read("/a")).rejects.toMatchObject({ code: "file.malformed", where: "x.h5:/a" });
  await expect(file.read("/b")).rejects.toMatchObject({ code: "file.malformed" });
  expect(seen).toEqual({ killed: 1, posted: 1 });
});

test("an ordinary error leaves the thread in use", async () => {
  const error = { code: "file.unsupported", details: { what: "x", remedy: "y" }, where: "", fatal: false };
  const { thread, seen } = pretend((id, { reply }) =>
    reply(id === 1 ? { id, ok: false, error } : { id, ok: true, value: [] }),
  );
  const file = await connectHdf5(thread, options);
  await expect(file.group("/a")).rejects.toMatchObject({ code: "file.unsupported", where: "x.h5:/a" });
  expect(await file.group("/b")).toEqual([]);
  expect(seen.killed).toBe(0);
});

test.each([
  [true, "file.limit"],
  [false, "file.malformed"],
])("a thread that dies (out of memory: %s) gives %s", async (outOfMemory, code) => {
  const { thread } = pretend((_, { end }) => end(outOfMemory));
  const file = await connectHdf5(thread, options);
  await expect(file.group("/a")).rejects.toMatchObject({ code });
});
