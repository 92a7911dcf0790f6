"""What h5py says of HDF5 files (see hdf5-writer-h5py.test.ts).

Each line of standard input is a JSON list and gives one line of JSON:
["describe", PATH]  every object: attributes and data with their exact types, values as text or as a digest
["reference", PATH] writes, with h5py, the attributes whose types are to be compared, and describes that file
["extend", PATH]    lets libhdf5 add and remove children and attributes, and describes what it reads afterwards
["zip", PATH]       members of a zip, and the first whose checksum is wrong
["names", PATH]     members of a zip that is too large to be read as a whole, and the content of the last
"""
import hashlib
import json
import sys
import zipfile

import h5py
import numpy as np

PADDINGS = {h5py.h5t.STR_NULLTERM: "nul-terminated", h5py.h5t.STR_NULLPAD: "nul-padded"}


def type_of(tid):
    if isinstance(tid, h5py.h5t.TypeStringID):
        charset = "utf-8" if tid.get_cset() == h5py.h5t.CSET_UTF8 else "ascii"
        width = "variable" if tid.is_variable_str() else tid.get_size()
        return f"string {width} {PADDINGS[tid.get_strpad()]} {charset}"
    return tid.dtype.str


def value_of(array):
    """Strings as they are; numbers as a digest of their little-endian bytes, halves widened to float32."""
    array = np.asarray(array)
    if array.dtype.kind in "SOU":
        return [x.decode("utf-8") if isinstance(x, bytes) else x for x in array.reshape(-1).tolist()]
    if array.dtype.kind == "V":
        array = (np.frombuffer(array.tobytes(), "<u2").astype("<u4") << 16).view("<f4")
    if array.dtype.name == "float16":
        array = array.astype("<f4")
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def object_of(item):
    attributes = {}
    for name in item.attrs:
        attribute = item.attrs.get_id(name)
        # Not h5py's attrs[name], which hides how the text is tagged; read below it, then decoded in the same way.
        attributes[name] = [type_of(attribute.get_type()), list(attribute.shape), value_of(item.attrs[name])]
    if isinstance(item, h5py.Group):
        return {"attributes": attributes}
    data = [type_of(item.id.get_type()), list(item.shape), value_of(item[()])]
    if item.chunks is not None or item.compression is not None:
        raise ValueError("not contiguous")
    return {"attributes": attributes, "data": data}


def describe(path):
    objects = {}
    with h5py.File(path, "r") as file:
        objects[""] = object_of(file)
        file.visititems(lambda name, item: objects.__setitem__(name, object_of(item)))
        orders = [list(group) for group in [file, *(x for x in map(file.get, objects) if isinstance(x, h5py.Group))]]
    if any(names != sorted(names, key=lambda name: name.encode()) for names in orders):
        raise ValueError("a group is not in the order of its names")
    return objects


def reference(path):
    with h5py.File(path, "w", libver="earliest") as file:
        file.attrs["str"] = "3.15.1"
        file.attrs["empty str"] = ""
        file.attrs["bytes"] = '{"a": "é"}'.encode()
        file.attrs["S"] = np.asarray([b"a", b"bcd", "é".encode()])
        file.attrs["empty list"] = []
        file.attrs["int"] = 3
        file.attrs["float"] = 0.5
        file.attrs["bool"] = True
        file.attrs["ints"] = [1, 2]
        file.attrs["floats"] = [0.5, 2.0]
        for dtype in ["f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "?", "V2"]:
            file.create_dataset(np.dtype(dtype).name, data=np.zeros((2, 3), dtype))
        file.create_dataset("strings", data=["a", "é"])
    return describe(path)


def extend(path):
    with h5py.File(path, "r+") as file:
        for name in [name for i, name in enumerate(file["many"]) if i % 3 == 0]:
            del file["many"][name]
        for i in range(500):
            file["many"].create_dataset(f"new{i}", data=np.float32([i]))
        file["none"].create_group("inside").attrs["text"] = "x" * 5000
        file.attrs["new"] = "y" * 5000
    return {name: len(group) for name, group in h5py.File(path, "r").items()}


def members(path, read):
    with zipfile.ZipFile(path) as file:
        infos = [[x.filename, x.file_size, list(x.date_time), x.compress_type] for x in file.infolist()]
        return {"members": infos, "read": read(file)}


ACTIONS = {
    "describe": describe,
    "reference": reference,
    "extend": extend,
    "zip": lambda path: members(path, lambda file: file.testzip()),
    "names": lambda path: members(path, lambda file: file.read(file.namelist()[-1]).decode()),
}

for line in sys.stdin:
    action, path = json.loads(line)
    try:
        answer = ACTIONS[action](path)
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
