#!/usr/bin/env python3
"""Runs a folder of events through the specification and writes or checks expected/.

    oracle.py write DIR..    write DIR/expected
    oracle.py check DIR..    compare with DIR/expected, print the differences

This is a second reading of the specification, made without the product's source: plain, serial
and in memory. It is slow on purpose where that makes it easier to compare with the text.
"""

import argparse
import difflib
import json
import pathlib
import shutil
import sys

import exports
from reference import Reference
from register import REFUSED, Register

MAX_SHOWN_DIFFERENCES = 40


def reference_folder(folder):
    for candidate in (folder / "reference", folder.parent / "reference"):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"no reference tables in or beside {folder}")


def read_manifest(folder):
    with open(folder / "manifest.json", encoding="utf-8") as file:
        return json.load(file)


def run_events(manifest, folder, reference):
    """All expected files of a folder: {name: bytes}."""
    register = Register(reference)
    number_of = {}   # id of a delivery object -> number of the event that brought it
    results = []
    for number, event in enumerate(manifest["gebeurtenissen"]):
        if event["type"] == "bevestiging":
            results.append(("bevestiging", register.confirm(event["bestuur"], event["leveringsid"],
                                                            event.get("als") == "anders")))
            continue
        if event["type"] == "herstel":
            results.append(("herstel", register.set_back(event["bestuur"], event["volgnummer"])))
            continue
        content = (folder / event["bestand"]).read_bytes()
        delivery, is_repeat = register.deliver(event["kop"], content, event["ontvangen_op"],
                                                event.get("afzender_mag", True))
        if is_repeat:
            results.append(("herhaling", number_of[id(delivery)]))
        else:
            number_of[id(delivery)] = number
            results.append(("levering", delivery))
    return _expected_files(results, register)


def _expected_files(results, register):
    files = {"stand-bsn.csv": exports.state_with_bsn(register),
             "stand-pseudoniem.csv": exports.state_with_pseudonym(register)}
    overview = []
    for number, (kind, result) in enumerate(results):
        entry = {"nr": number, "type": kind}
        if kind in ("bevestiging", "herstel"):
            entry["uitgevoerd"] = result
        elif kind == "herhaling":
            entry["van"] = result
        else:
            entry.update(exports.summary(result))
            if result.status != REFUSED:
                files[f"{number:04d}-terugmelding.csv"] = exports.feedback(result)
        overview.append(entry)
    files["overzicht.json"] = (json.dumps(overview, indent=1, ensure_ascii=False)
                               + "\n").encode("utf-8")
    return files


class References:
    """Loads every reference folder once: folders often share one."""

    def __init__(self):
        self._loaded = {}

    def of(self, folder):
        path = reference_folder(folder).resolve()
        if path not in self._loaded:
            self._loaded[path] = Reference(path)
        return self._loaded[path]


def write_expected(folder, files):
    expected = folder / "expected"
    if expected.exists():
        shutil.rmtree(expected)
    expected.mkdir()
    for name, content in files.items():
        (expected / name).write_bytes(content)


def differences(folder, files):
    """Lines that tell how expected/ differs from files; none if they are equal."""
    expected = folder / "expected"
    stored = {path.name: path.read_bytes() for path in expected.iterdir()} \
        if expected.is_dir() else {}
    for name in sorted(files.keys() | stored.keys()):
        if name not in stored:
            yield f"{name}: not in expected/"
        elif name not in files:
            yield f"{name}: in expected/ only"
        elif files[name] != stored[name]:
            yield from difflib.unified_diff(
                stored[name].decode("utf-8", "replace").splitlines(),
                files[name].decode("utf-8", "replace").splitlines(),
                f"expected/{name}", f"oracle/{name}", n=1, lineterm="")


def check_folder(folder, references):
    """True if expected/ equals what the oracle makes of the folder."""
    found = list(differences(folder, run_events(read_manifest(folder), folder,
                                                references.of(folder))))
    for line in found[:MAX_SHOWN_DIFFERENCES]:
        print(f"{folder}: {line}")
    if len(found) > MAX_SHOWN_DIFFERENCES:
        print(f"{folder}: .. and {len(found) - MAX_SHOWN_DIFFERENCES} lines more")
    return not found


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=("write", "check"))
    parser.add_argument("folders", nargs="+", type=pathlib.Path, metavar="DIR")
    options = parser.parse_args(arguments)
    # So that "check tests/cases/*" works: what lies beside the folders of events is none.
    folders = [folder for folder in options.folders if (folder / "manifest.json").is_file()]
    references = References()
    if options.command == "write":
        for folder in folders:
            write_expected(folder, run_events(read_manifest(folder), folder,
                                              references.of(folder)))
        return 0
    passed = sum(check_folder(folder, references) for folder in folders)
    failed = len(folders) - passed
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
