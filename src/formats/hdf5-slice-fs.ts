/**
 * @file A read-only Emscripten file system with one file, whose bytes come from a positional read. The library sees
 * nothing else: no host path can be reached from inside a file.
 */

/** Synchronous: HDF5 is C. Fills all of `target` from `offset`. */
export interface SyncReader {
  readonly sizeBytes: number;
  readInto(target: Uint8Array, offset: number): void;
}

interface Node {
  id: number;
  mode: number;
  size: number;
  node_ops: object;
  stream_ops: object;
  file?: SyncReader;
  children: { [name: string]: Node };
}

interface Stream {
  node: Node;
  position: number;
}

/** The part of Emscripten's `FS` that is used. */
export interface EmscriptenFs {
  ErrnoError: new (errno: number) => Error;
  createNode(parent: Node | null, name: string, mode: number): Node;
  mkdir(path: string): void;
  mount(type: object, options: object, path: string): void;
  getStream(fd: number): { stream_ops: object } | null;
}

// WASI errno, as Emscripten numbers them.
const ENOENT = 44;
const EINVAL = 28;
const EIO = 29;
const DIRECTORY_MODE = 0o40555;
const FILE_MODE = 0o100444;

/** Mounts `file` as `path` = "/folder/name". */
export function mountFile(fs: EmscriptenFs, folder: string, name: string, file: SyncReader): void {
  const fail = (errno: number): never => {
    throw new fs.ErrnoError(errno);
  };
  const epoch = new Date(0);
  const nodeOps = {
    getattr: ({ id, mode, size }: Node) => ({
      dev: 1,
      ino: id,
      mode,
      nlink: 1,
      uid: 0,
      gid: 0,
      rdev: 0,
      size,
      atime: epoch,
      mtime: epoch,
      ctime: epoch,
      blksize: 4096,
      blocks: Math.ceil(size / 4096),
    }),
    setattr() {},
    lookup: () => fail(ENOENT),
    readdir: ({ children }: Node) => [".", "..", ...Object.keys(children)],
  };
  const streamOps = {
    read({ node }: Stream, buffer: Uint8Array, offset: number, length: number, position: number): number {
      const count = Math.max(0, Math.min(length, node.size - position));
      if (count > 0) node.file?.readInto(buffer.subarray(offset, offset + count), position);
      return count;
    },
    llseek({ node, position }: Stream, offset: number, whence: number): number {
      const to = offset + (whence === 1 ? position : whence === 2 ? node.size : 0);
      return to < 0 ? fail(EINVAL) : to;
    },
    write: () => fail(EIO),
  };
  const make = (parent: Node | null, child: string, mode: number, size: number): Node =>
    Object.assign(fs.createNode(parent, child, mode), {
      mode,
      size,
      node_ops: nodeOps,
      stream_ops: streamOps,
      children: {},
    });
  const type = {
    mount() {
      const root = make(null, "/", DIRECTORY_MODE, 4096);
      const node = make(root, name, FILE_MODE, file.sizeBytes);
      node.file = file;
      root.children[name] = node;
      return root;
    },
  };
  fs.mkdir(folder);
  fs.mount(type, {}, folder);
}
