"""Cuts a file into parts for a way that carries only small ones, and joins them again.

Usage: python3 -m lib.parts split FILE FOLDER [MEBIBYTES] | join FOLDER FILE
"""

import hashlib
import json
import sys
from pathlib import Path

from lib.run import replace_whole

MEBIBYTE = 1 << 20


def split(path, folder, mebibytes=15):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    raw = Path(path).read_bytes()
    size = mebibytes * MEBIBYTE
    names = []
    for number, at in enumerate(range(0, len(raw), size)):
        names.append(f"part-{number:03d}")
        (folder / names[-1]).write_bytes(raw[at : at + size])
    listing = {"sha256": hashlib.sha256(raw).hexdigest(), "bytes": len(raw), "parts": names}
    (folder / "parts.json").write_text(json.dumps(listing))


def join(folder, path):
    folder = Path(folder)
    listing = json.loads((folder / "parts.json").read_text())
    missing = [name for name in listing["parts"] if not (folder / name).exists()]
    if missing:
        raise SystemExit(f"{folder} lacks {', '.join(missing)}: bring them back first")
    raw = b"".join((folder / name).read_bytes() for name in listing["parts"])
    if hashlib.sha256(raw).hexdigest() != listing["sha256"]:
        raise SystemExit(f"the parts in {folder} do not make the file they were cut from: bring them back again")
    replace_whole(path, lambda file: file.write(raw))


def main():
    if len(sys.argv) in (4, 5) and sys.argv[1] == "split":
        split(sys.argv[2], sys.argv[3], *map(int, sys.argv[4:]))
    elif len(sys.argv) == 4 and sys.argv[1] == "join":
        join(sys.argv[2], sys.argv[3])
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
