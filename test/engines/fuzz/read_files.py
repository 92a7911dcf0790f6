"""For each path on standard input one line of JSON: the SHA-256 of every float32 array that zipfile, h5py and NumPy read in
it, or why they read nothing. Each file in a process of its own: HDF5 crashes on some."""
import hashlib, io, json, os, sys, zipfile
import h5py
import numpy as np

LIMIT = 1 << 28


def add(array, found):
    if array.dtype.kind == "f" and array.dtype.itemsize == 4:
        found.append(hashlib.sha256(np.ascontiguousarray(array, "<f4").tobytes()).hexdigest())


def in_hdf5(file, found):
    with h5py.File(file, "r") as f:
        def visit(group, depth):
            for name in group:
                try:
                    item = group.get(name)
                    if isinstance(item, h5py.Group) and depth < 40:
                        visit(item, depth + 1)
                    elif isinstance(item, h5py.Dataset) and item.size is not None and item.size * item.dtype.itemsize < LIMIT:
                        add(np.asarray(item[()]), found)
                except Exception:
                    pass
        visit(f, 0)


def read(path):
    found = []
    with open(path, "rb") as f:
        head = f.read(8)
    if head[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(path) as z:
            for name in z.namelist():
                content = z.read(name)
                if name.endswith(".h5"):
                    in_hdf5(io.BytesIO(content), found)
                elif name.endswith(".npy"):
                    add(np.load(io.BytesIO(content), allow_pickle=False), found)
    elif head[:6] == b"\x93NUMPY":
        add(np.load(path, allow_pickle=False), found)
    else:
        in_hdf5(path, found)
    return {"found": found}


for line in sys.stdin:
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(out)
        try:
            said = read(line.rstrip("\n"))
        except Exception as error:
            said = {"error": f"{type(error).__name__}: {error}"[:200]}
        with os.fdopen(into, "w") as pipe:
            pipe.write(json.dumps(said))
        os._exit(0)
    os.close(into)
    with os.fdopen(out) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    print(said or json.dumps({"crashed": True}), flush=True)
