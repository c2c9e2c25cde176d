#!/usr/bin/env python3
"""Writes the cases of tests/cases: focused folders, each rule on both sides of its limits.

    own_cases.py [FOLDER..]    all folders, or only these

The manifests, the csv files and expected/ are committed; this script is how they were made.
Every line carries what it shows in its benoemingssleutel or personeelsnummer. All boards,
schools and persons are invented.
"""

import sys

from case_folder import CaseFolder
from cases_doors import make_deur
from cases_gateway import make_bestand, make_kop, make_kop_json
from cases_groups import make_samenhang, make_tabellen
from cases_lines import make_adres, make_benoeming, make_identiteit, make_persoon
from cases_set_back import make_herstel
from cases_spreadsheet import make_rekenblad
from cases_state import make_einde, make_herhaling, make_proef, make_toestand

FOLDERS = {
    "kop": make_kop, "kop_json": make_kop_json, "bestand": make_bestand,
    "rekenblad": make_rekenblad,
    "identiteit": make_identiteit, "persoon": make_persoon, "adres": make_adres,
    "benoeming": make_benoeming, "samenhang": make_samenhang, "toestand": make_toestand,
    "einde": make_einde, "proef": make_proef, "herhaling": make_herhaling,
    "tabellen": make_tabellen, "deur": make_deur, "herstel": make_herstel,
}


def main(names):
    if any(name.startswith("-") for name in names):
        print(__doc__.strip())
        return 0
    unknown = [name for name in names if name not in FOLDERS]
    if unknown:
        print(f"{__doc__}\nThere is no folder {', '.join(unknown)}: there are {', '.join(FOLDERS)}",
              file=sys.stderr)
        return 64
    for name in names or FOLDERS:
        folder = CaseFolder(name)
        FOLDERS[name](folder)
        folder.write()
        print(f"{name}: {len(folder.events)} events")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
