"""Gets openly licensed text from Debian's documentation packages: apt-get download, unpack, cut into sections.

Writes one PACKAGE.jsonl.gz a package, sources.json with each package's version and licence, and WordNet's files.
"""

import argparse
import gzip
import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from lib import wordnet
from lib.corpus import squash
from lib.run import require_space
from text.sections import sections_of

PACKAGES = json.loads((Path(__file__).parent / "packages.json").read_text())
PAGES = ("*.html", "*.htm", "*.page", "*.html.gz", "*.xhp")
MIN_LEFT = 20


def settings():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", default="/tmp/nano-recipe", help="text goes into its folder `text`, WordNet into `wordnet`")
    parser.add_argument("--only", action="append", help="this package alone; may be given again")
    parser.add_argument("--force", action="store_true", help="fetch what is there already again")
    parser.add_argument("--smoke", action="store_true", help="the smallest package alone")
    return parser.parse_args()


def run(*command, cwd):
    ran = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    if ran.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed: {ran.stderr.strip()[-300:]}")
    return ran.stdout


def unpack(name, folder):
    """-> version, folder of the package's files."""
    run("apt-get", "-q", "download", name, cwd=folder)
    archive = next(Path(folder).glob(f"{name}_*.deb"))
    run("dpkg-deb", "-x", str(archive), "files", cwd=folder)
    return run("dpkg-deb", "-f", str(archive), "Version", cwd=folder).strip(), Path(folder) / "files"


def pages_of(files, folders):
    for folder in folders:
        for pattern in PAGES:
            for path in sorted(path for path in (files / folder).rglob(pattern) if path.is_file()):
                raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
                yield raw.decode("utf-8", "replace")


def rows_of(package, files):
    """Sections, each sentence once in the whole package: menus and boilerplate repeat on every page."""
    name, seen = package["name"], set()
    if name == "wordnet-base":
        yield from wordnet.sections(files / package["folders"][0])
        return
    for markup in pages_of(files, package["folders"]):
        for heading, sentences in sections_of(markup):
            fresh = [text for text in sentences if squash(text) not in seen]
            seen.update(map(squash, fresh))
            if len(fresh) > 1:
                yield {"h": heading, "s": fresh}


def main():
    options = settings()
    work = Path(options.work)
    target = work / "text"
    target.mkdir(parents=True, exist_ok=True)
    require_space(work, 2e9)
    listing = target / "sources.json"
    sources = json.loads(listing.read_text()) if listing.exists() else {}
    wanted = options.only or (["debian-faq"] if options.smoke else [package["name"] for package in PACKAGES])
    unknown = set(wanted) - {package["name"] for package in PACKAGES}
    if unknown:
        raise SystemExit(f"{', '.join(sorted(unknown))}: not in text/packages.json, where each package's licence is recorded")
    failed = []
    for package in [package for package in PACKAGES if package["name"] in wanted]:
        name = package["name"]
        out = target / f"{name}.jsonl.gz"
        if out.exists() and name in sources and not options.force:
            print(f"{name}: there already", flush=True)
            continue
        try:
            with tempfile.TemporaryDirectory(dir=work) as folder:
                version, files = unpack(name, folder)
                if name == "wordnet-base":
                    shutil.copytree(files / package["folders"][0], work / "wordnet", dirs_exist_ok=True)
                count = sentences = 0
                with gzip.open(f"{out}.new", "wt", encoding="utf-8") as file:
                    for row in rows_of(package, files):
                        row.update(source=f"{name} {version}", licence=package["licence"])
                        file.write(json.dumps(row, ensure_ascii=False) + "\n")
                        count, sentences = count + 1, sentences + len(row["s"])
            if count < MIN_LEFT:
                raise RuntimeError(f"only {count} sections were found in {', '.join(package['folders'])}")
            Path(f"{out}.new").replace(out)
            sources[name] = {"version": version, "licence": package["licence"], "sections": count, "sentences": sentences}
            listing.write_text(json.dumps(sources, indent=2))
            print(f"{name} {version}: {count} sections, {sentences} sentences, {package['licence']}", flush=True)
        except (RuntimeError, OSError, StopIteration) as error:
            failed.append(name)
            Path(f"{out}.new").unlink(missing_ok=True)
            print(f"{name}: left out ({error})", flush=True)
    if failed and not sources:
        raise SystemExit("nothing could be fetched: is this Debian, with a package archive at hand?")


if __name__ == "__main__":
    main()
