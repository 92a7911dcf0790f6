"""
Writes seeded HDF5 files of everything that the classic layout can hold, and says what h5py reads from each.

    python python/make_hdf5_files.py FOLDER COUNT [SEED]

One line of JSON per file: {"file": …, "inside": whether the reader of our own should read it by itself, "record": …}.
Used by test/oracle/hdf5-classic.test.ts. Pins: h5py 3.14.0, numpy 2.4.6.
"""
import json
import os
import random
import sys

import h5py
import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "test", "oracle"))
from read_hdf5 import answer  # noqa: E402

NUMBERS = [f"{order}{kind}{width}" for order in "<>" for kind, widths in (("i", (1, 2, 4, 8)), ("u", (1, 2, 4, 8)), ("f", (2, 4, 8))) for width in widths]
WORDS = ["kernel:0", "bias:0", "conv2d", "dense_1", "größe", "日本", "a b", "x" * 200, "gamma", "Adam", "v", "é"]


class Writer:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.numpy = np.random.default_rng(seed)

    def chance(self, p):
        return self.random.random() < p

    def numbers(self, dtype, shape):
        dtype = np.dtype(dtype)
        raw = self.numpy.integers(0, 256, int(np.prod(shape, dtype=int)) * dtype.itemsize, dtype="u1").tobytes()
        return np.frombuffer(raw, dtype).reshape(shape)

    def text(self):
        return "".join(self.random.choice("abcXYZ 0/:ßé日🙂") for _ in range(self.random.randrange(0, 12)))

    def shape(self):
        rank = self.random.choice([0, 1, 1, 2, 2, 2, 3, 4, 5])
        largest = {0: 1, 1: 400, 2: 20, 3: 8, 4: 5, 5: 3}[rank]
        return tuple(self.random.randrange(0 if self.chance(0.03) else 1, largest + 1) for _ in range(rank))

    def value(self, shape):
        """An array that numpy writes as one of our types, and what h5py must be told of it."""
        kind = self.random.choice(["numbers"] * 8 + ["bool", "bfloat16", "fixed", "variable"])
        if kind == "numbers":
            return self.numbers(self.random.choice(NUMBERS), shape), None
        if kind == "bool":
            return self.numpy.integers(0, 2, shape).astype(bool), None
        if kind == "bfloat16":
            return self.numbers("<u2", shape).view("V2"), None
        words = [self.text() for _ in range(int(np.prod(shape, dtype=int)))]
        if kind == "fixed":
            encoded = [word.encode() for word in words]
            return np.array(encoded, f"S{max([len(x) for x in encoded] + [1])}").reshape(shape), None
        return np.array(words, object).reshape(shape), h5py.string_dtype(self.random.choice(["utf-8", "utf-8", "ascii"]) if all(w.isascii() for w in words) else "utf-8")

    def dataset(self, group, name):
        shape = self.shape()
        array, dtype = self.value(shape)
        is_text = dtype is not None
        options = {}
        layout = self.random.choice(["contiguous", "contiguous", "compact", "chunked", "chunked", "never"])
        if layout == "chunked" and shape and 0 not in shape:
            options["chunks"] = tuple(self.random.randrange(1, extent + 1) for extent in shape)
            if np.prod([-(-e // c) for e, c in zip(shape, options["chunks"])]) > 60:
                options["chunks"] = shape
            if not is_text:
                options["shuffle"] = self.chance(0.4)
                options["fletcher32"] = self.chance(0.4)
            if self.chance(0.5):
                options.update(compression="gzip", compression_opts=self.random.randrange(0, 10))
            if self.chance(0.4):
                options["maxshape"] = tuple(None if self.chance(0.5) else extent + 3 for extent in shape)
        if array.dtype.kind in "iufb" and self.chance(0.4):
            options["fillvalue"] = self.numbers(array.dtype, (1,))[0] if array.dtype.kind != "b" else True
        if layout == "never":
            item = group.create_dataset(name, shape=shape, dtype=dtype or array.dtype, **options)
        elif layout == "compact" and array.nbytes < 30_000 and not is_text:
            space = h5py.h5s.create_simple(shape) if shape else h5py.h5s.create(h5py.h5s.SCALAR)
            plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            plist.set_layout(h5py.h5d.COMPACT)
            h5py.h5d.create(group.id, name.encode(), h5py.h5t.py_create(array.dtype, logical=True), space, plist)
            item = group[name]
            item[...] = array
        elif "chunks" in options and self.chance(0.4):
            item = group.create_dataset(name, shape=shape, dtype=dtype or array.dtype, **options)
            for _ in range(self.random.randrange(0, 3)):
                part = tuple(slice(start, self.random.randrange(start, extent) + 1) for extent in shape for start in [self.random.randrange(extent)])
                item[part] = array[part]
        else:
            item = group.create_dataset(name, data=array, dtype=dtype, **options)
        if "maxshape" in options and self.chance(0.5):
            item.resize(tuple(max(1, extent - 2) if self.chance(0.5) else (extent + 3) for extent in shape))
        if array.dtype.kind == "V":
            item.attrs["dtype"] = "bfloat16"
        return item

    def attributes(self, item):
        count = self.random.choice([0, 0, 0, 0, 0, 1, 1, 2, 3, 20])
        for i in range(count):
            name = self.random.choice(WORDS) if self.chance(0.3) else f"a{i}"
            kind = self.random.randrange(8)
            if kind == 0:
                item.attrs[name] = self.text()
            elif kind == 1:
                item.attrs[name] = self.text() * 3000 if self.chance(0.3) else np.bytes_(self.text().encode())
            elif kind == 2:
                item.attrs[name] = h5py.Empty(self.random.choice(["f4", "S1", "i8"]))
            elif kind == 3:
                item.attrs[name] = [self.text().encode() or b"x" for _ in range(self.random.randrange(1, 30))]
            elif kind == 4:
                item.attrs[name] = self.chance(0.5)
            elif kind == 5:
                item.attrs.create(name, np.array([self.text() for _ in range(self.random.randrange(1, 9))], object), dtype=h5py.string_dtype())
            else:
                item.attrs[name] = self.numbers(self.random.choice(NUMBERS), self.random.choice([(), (1,), (5,), (2, 3), (0,)]))
        if count and self.chance(0.3):
            del item.attrs[self.random.choice(list(item.attrs))]
        # What has no type of ours must hide nothing else.
        if self.chance(0.05):
            item.attrs["complex"] = 1 + 2j
        if self.chance(0.05):
            item.attrs["compound"] = np.zeros(2, [("a", "i4"), ("b", "f8")])

    def group(self, group, depth):
        self.attributes(group)
        count = self.random.choice([0, 1, 2, 3, 5] if depth else [1, 2, 3, 3, 5, 5, 8, 8, 12, 40 if self.chance(0.7) else 300])
        for i in range(count):
            # More than 8 links with names that are not ASCII make a fractal heap, which is outside the classic layout.
            words = WORDS if count <= 3 else [word for word in WORDS if word.isascii()]
            name = f"{self.random.choice(words)}_{i}" if self.chance(0.1) else f"n{i}"
            if count > 20:
                group[name] = self.numbers(self.random.choice(NUMBERS), (3,))
            elif depth < 3 and self.chance(0.25):
                self.group(group.create_group(name), depth + 1)
            else:
                self.attributes(self.dataset(group, name))
        names = list(group)
        for name in names:
            if self.chance(0.1):
                del group[name]
        names = list(group)
        if names and self.chance(0.3):
            group["soft"] = h5py.SoftLink(self.random.choice([f"{group.name.rstrip('/')}/{names[0]}", names[0]]))
        if names and self.chance(0.2):
            group["hard"] = group[names[-1]]

    def file(self, path):
        """Whether it is inside the subset: the classic layout, and nothing that only the library knows."""
        options = {}
        outside = self.chance(0.05)
        if outside:
            options = self.random.choice([{"libver": "latest"}, {"libver": ("v108", "v110")}, {"track_order": True}, {"userblock_size": 512}])
        with h5py.File(path, "w", **options) as f:
            self.group(f, 0)
            if not outside and self.chance(0.03):
                outside = True
                f.create_dataset("other filter", data=self.numbers("i4", (40,)), **self.random.choice([{"compression": "lzf"}, {"scaleoffset": 0}]))
            f["good"] = np.arange(3, dtype="f4")
        return not outside


def main():
    folder, count = sys.argv[1], int(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    for i in range(count):
        path = os.path.join(folder, f"{seed + i}.h5")
        inside = Writer(seed + i).file(path)
        lines = []
        answer(path, type("Out", (), {"write": lambda _, line: lines.append(json.loads(line)), "flush": lambda _: None})())
        print(json.dumps({"file": path, "inside": inside, "record": dict(lines)}), flush=True)


if __name__ == "__main__":
    main()
