"""places: where the stack keeps its things, and as whom its servers run.

Everything lies under .run/ of the checkout. Servers run unprivileged: as the caller, or, when root calls (initdb
refuses root), as the user postgres or nobody. When that user cannot get into the checkout (a clone under /root),
.run/NAME becomes a link to a directory under /var/tmp that only this checkout uses.
"""
import hashlib
import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent
RUN_DIR = CHECKOUT / ".run"
TMPFS = Path("/dev/shm")


class StackError(Exception):
    """One sentence that says what is wrong and what to do."""


class TooSlow(StackError):
    """Something was not there within its time: it hangs, or the machine is slower than anybody thought."""


def server_user():
    """None: servers run as the caller."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            pass
    raise StackError("root may not run the servers and there is neither a user postgres nor nobody: "
                     "run scripts/install")


def as_user(user):
    """Arguments for subprocess that make the child run as user."""
    return {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def give_to(user, path):
    if user is not None:
        os.chown(path, user.pw_uid, user.pw_gid)


def outside_name(name):
    checkout = hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:10]
    return f"instroom-{os.geteuid()}-{checkout}-{name}"


def make_private(path):
    """A directory in a place where others may write too: ours, or nobody's."""
    path.mkdir(mode=0o755, exist_ok=True)
    found = path.lstat()
    if path.is_symlink() or found.st_uid != os.geteuid():
        raise StackError(f"{path} belongs to somebody else: remove it or move the checkout")


def can_reach(user, path):
    return user is None or subprocess.run(["test", "-x", path], check=False, **as_user(user)).returncode == 0


def link_to(link, target):
    make_private(target)
    if link.is_symlink() and Path(os.readlink(link)) != target:
        link.unlink()
    if not link.is_symlink():
        link.symlink_to(target)


def place(name):
    """The directory .run/NAME, made if need be, its real path."""
    RUN_DIR.mkdir(mode=0o755, exist_ok=True)
    path = RUN_DIR / name
    if path.is_symlink() and not path.exists():
        path.unlink()
    if not path.exists():
        if can_reach(server_user(), RUN_DIR):
            path.mkdir(mode=0o755, exist_ok=True)  # two that start at once make it both
        else:
            link_to(path, Path("/var/tmp") / outside_name(name))
    return path.resolve()


def remove_tree(path):
    """Removes a directory; if it is a link to a place outside, that too."""
    target = path.resolve()
    if path.is_symlink():
        path.unlink()
    shutil.rmtree(target, ignore_errors=True)


if __name__ == "__main__":
    os.umask(0o022)
    try:
        print(place(sys.argv[1]))
    except (StackError, OSError) as error:
        print(f"scripts/install: {error}", file=sys.stderr)
        sys.exit(1)
