"""sites: the call sites of a program, as tests/torture/interpose.c counts them in the file it shares with us."""
import mmap
import random
import struct
import subprocess
from dataclasses import dataclass

HEAD = struct.Struct("<QqQQ")         # armed, armed_nth, struck, sites_max
SITE = struct.Struct("<QQ4Q40s")      # key, calls, chain, name
SITES_MAX = 16384


@dataclass(frozen=True)
class Site:
    key: int
    name: str      # of the function
    chain: tuple   # offsets in the program, the call itself first


class State:
    """The file of one life or several of a program."""

    def __init__(self, path):
        self.path = path
        with open(path, "wb") as file:
            file.truncate(HEAD.size + SITES_MAX * SITE.size)
        with open(path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), 0)

    def calls(self):
        """{Site: calls so far}"""
        found = {}
        for number in range(SITES_MAX):
            key, calls, *chain, name = SITE.unpack_from(self.map, HEAD.size + number * SITE.size)
            if key and calls:
                found[Site(key, name.rstrip(b"\0").decode(), tuple(place for place in chain if place))] = calls
        return found

    def arm(self, site, nth):
        """Its call number nth from now on, from 0, is to fail."""
        struct.pack_into("<Q", self.map, 16, 0)
        struct.pack_into("<q", self.map, 8, nth)
        struct.pack_into("<Q", self.map, 0, site.key)

    def disarm(self):
        struct.pack_into("<Q", self.map, 0, 0)

    def has_struck(self):
        return struct.unpack_from("<Q", self.map, 16)[0] > 0


def since(now, before):
    return {site: calls - before.get(site, 0) for site, calls in now.items() if calls > before.get(site, 0)}


def names_of(program, sites):
    """{Site: "malloc strbuf.c:31 strbuf_grow < http_body.c:80 ..."}: where it is called, by addr2line."""
    places = sorted({place for site in sites for place in site.chain})
    if not places:
        return {}
    said = subprocess.run(["addr2line", "-f", "-s", "-e", program, *(hex(place - 1) for place in places)], check=True,
                          capture_output=True, text=True).stdout.splitlines()
    texts = {place: f"{said[2 * i + 1].split(' ')[0]} {said[2 * i]}" for i, place in enumerate(places)}
    return {site: f"{site.name}  " + " < ".join(texts[place] for place in site.chain) for site in sites}


def shuffled(sites, seed):
    """In an order that the seed gives, whatever the order they were found in."""
    found = sorted(sites, key=lambda site: (site.name, site.chain))
    random.Random(seed).shuffle(found)
    return found
