"""The OS user that runs the embedded server.

PostgreSQL refuses to run as root. An ordinary user runs it as themself. Where Dateline runs as
root, the server runs as the owner of the data folder if that is not root, else as the system user
``dateline``, which is made on first need. That user must be able to walk to its folder and to the
server's programs. Where a folder on the way is closed, an ACL entry lets that one user pass
through it (``--x``: no listing, no reading); nobody else gains anything.
"""

import os
import pwd
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from eventlog.errors import DataFolderNotWritable, ServerUserMissing

SYSTEM_USER = "dateline"

# Linux's binary form of an ACL: version 2, then (tag, permissions, id) for each entry.
_ACL = "system.posix_acl_access"
_USER_OBJ, _USER, _GROUP_OBJ, _GROUP, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
_NO_ID = 0xFFFFFFFF
_EXECUTE = 1


@dataclass(frozen=True, slots=True)
class ServerUser:
    """The numeric ids that the server's programs are started with."""

    uid: int
    gid: int


def server_user(folder: Path) -> ServerUser | None:
    """Give the user to run the server as; ``None`` means as ourselves.

    Raises ServerUserMissing where Dateline runs as root and the user cannot be made.
    """
    if os.geteuid() != 0:
        return None
    owner = folder.stat().st_uid
    try:
        entry = pwd.getpwuid(owner) if owner != 0 else pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        entry = _make_system_user()
    return ServerUser(entry.pw_uid, entry.pw_gid)


def _make_system_user() -> pwd.struct_passwd:
    command = [
        *("useradd", "--system", "--user-group", "--no-create-home"),
        *("--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", SYSTEM_USER),
    ]
    try:
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        problem = made.stderr
    except OSError as error:
        problem = str(error)
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        raise ServerUserMissing(
            "PostgreSQL does not run as root, and the system user 'dateline' could not be made"
            f" ({problem.strip()}). Make it, or run Dateline as an ordinary user."
        ) from None


def let_pass(path: Path, user: ServerUser) -> None:
    """Let ``user`` walk to ``path``: an ACL entry on each folder above that is closed to it."""
    for folder in reversed(path.resolve().parents):
        state = folder.stat()
        if state.st_uid == user.uid:
            allowed = state.st_mode & 0o100
        elif state.st_gid == user.gid:
            allowed = state.st_mode & 0o010
        else:
            allowed = state.st_mode & 0o001
        if not allowed:
            _grant_passage(folder, state.st_mode, user)


def _grant_passage(folder: Path, mode: int, user: ServerUser) -> None:
    try:
        try:
            raw = os.getxattr(folder, _ACL)
            entries = list(struct.iter_unpack("<HHI", raw[4:]))
        except OSError:  # no ACL yet: the mode bits are the whole of it
            entries = [
                (_USER_OBJ, mode >> 6 & 7, _NO_ID),
                (_GROUP_OBJ, mode >> 3 & 7, _NO_ID),
                (_OTHER, mode & 7, _NO_ID),
            ]
        if (_USER, _EXECUTE, user.uid) in entries:
            return
        entries = [e for e in entries if e[0] != _MASK and (e[0], e[2]) != (_USER, user.uid)]
        entries.append((_USER, _EXECUTE, user.uid))
        mask = 0
        for tag, permissions, _ in entries:
            if tag in (_USER, _GROUP_OBJ, _GROUP):
                mask |= permissions
        entries.append((_MASK, mask, _NO_ID))
        entries.sort(key=lambda entry: (entry[0], entry[2]))
        packed = b"".join(struct.pack("<HHI", *entry) for entry in entries)
        os.setxattr(folder, _ACL, struct.pack("<I", 2) + packed)
    except (OSError, AttributeError):
        name = pwd.getpwuid(user.uid).pw_name
        raise DataFolderNotWritable(
            f"The server runs as the OS user '{name}', which cannot pass through {folder}, and"
            " this file system keeps no ACLs. Choose a folder that it can reach with"
            " DATELINE_DATA, such as /var/lib/dateline."
        ) from None
