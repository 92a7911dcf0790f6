"""What h5py reads from each file named on standard input, as one line of JSON per file (see hdf5-h5py.test.ts)."""
import hashlib
import json
import os
import signal
import struct
import sys

import h5py
import numpy as np


def numbers(array):
    """One spelling for equal numbers: integers in decimal, floats as the bits of their float64, one NaN."""
    flat = np.asarray(array).reshape(-1)
    if flat.dtype.kind == "b":
        return ["true" if x else "false" for x in flat.view("u1") == 1]
    if flat.dtype.kind in "iu":
        return [str(int(x)) for x in flat]
    if flat.dtype.kind == "f" and flat.dtype.itemsize <= 8:
        return [spell(float(x)) for x in flat]
    raise TypeError(flat.dtype)


def spell(x):
    """JavaScript does not tell 2.0 from 2."""
    if x != x:
        return "nan"
    if x == int(x) if abs(x) < 2**53 else False:
        return str(int(x)) if x != 0 or struct.pack(">d", x)[0] == 0 else struct.pack(">d", x).hex()
    return struct.pack(">d", x).hex()


def texts(array):
    return [x.decode("utf-8") if isinstance(x, bytes) else str(x) for x in np.asarray(array).reshape(-1).tolist()]


def attribute(value):
    if isinstance(value, h5py.Empty):
        return "null"
    array = np.asarray(value)
    values = texts(array) if array.dtype.kind in "SOU" else numbers(array)
    return values if array.shape else values[0]


def dataset(item):
    value = item[()]
    if isinstance(value, h5py.Empty):
        raise TypeError("null dataspace")
    array = np.asarray(value)
    if array.dtype.kind in "SOU":
        return {"shape": list(item.shape), "dtype": "string", "sha256": digest("\0".join(texts(array)).encode())}
    dtype = array.dtype.name
    if array.dtype.kind == "V" and array.dtype.itemsize == 2 and item.attrs.get("dtype") in ("bfloat16", b"bfloat16"):
        array, dtype = (np.frombuffer(array.tobytes(), "<u2").astype("<u4") << 16).view("<f4"), "bfloat16"
    if array.dtype.kind == "b":
        array = (array.view("u1") != 0).astype("u1")
    if array.dtype.kind not in "iufb" or array.dtype.itemsize > 8:
        raise TypeError(array.dtype)
    if array.dtype.name == "float16":
        array = array.astype("<f4")
    array = array.astype(array.dtype.newbyteorder("<"))
    if array.dtype.kind == "f":
        array = np.where(np.isnan(array), np.array(np.nan, array.dtype), array)
    return {"shape": list(item.shape), "dtype": dtype, "sha256": digest(np.ascontiguousarray(array).tobytes())}


def digest(data):
    return hashlib.sha256(data).hexdigest()


def look(tell, key, read):
    try:
        tell(key, read())
    except Exception as error:  # whatever h5py says: it reads no value here
        tell(key, {"error": str(error)[:200]})


def walk(tell, group, path, depth):
    try:
        for name in list(group.attrs.keys()):
            look(tell, f"{path}@{name}", lambda: attribute(group.attrs[name]))
    except Exception as error:
        tell(f"{path}@", {"error": str(error)[:200]})
    if isinstance(group, h5py.Dataset):
        look(tell, path, lambda: dataset(group))
    elif isinstance(group, h5py.Group) and depth < 6:
        for name in group:
            child = f"{path.rstrip('/')}/{name}"
            try:
                walk(tell, group[name], child, depth + 1)
            except Exception as error:
                tell(child, {"error": str(error)[:200]})


def answer(path, out):
    def tell(key, value):
        out.write(json.dumps([key, value]) + "\n")
        out.flush()

    try:
        with h5py.File(path, "r") as file:
            walk(tell, file, "/", 0)
    except Exception as error:
        tell("error", str(error)[:200])


def main():
    # h5py itself crashes on some damaged files ("free(): invalid pointer"): a fork for each, so that one is not the end,
    # and what it had read until then still counts.
    for line in sys.stdin:
        read_end, write_end = os.pipe()
        child = os.fork()
        if child == 0:
            signal.alarm(20)
            with os.fdopen(write_end, "w") as out:
                answer(line.rstrip("\n"), out)
            os._exit(0)
        os.close(write_end)
        with os.fdopen(read_end) as answers:
            record = dict(json.loads(item) for item in answers if item.endswith("\n"))
        _, status = os.waitpid(child, 0)
        if status != 0:
            record["crashed"] = status
        print(json.dumps(record), flush=True)


if __name__ == "__main__":
    main()
