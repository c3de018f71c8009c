"""Secrets of an embedded installation, made once and kept in a file that only its owner can read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet


def local_secret(path: Path, *, fernet: bool = False) -> str:
    """The secret in the file, made on first use. Two programs that start at the same moment end with the same one."""
    value = Fernet.generate_key().decode() if fernet else secrets.token_urlsafe(50)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    if not path.exists():
        draft.touch(mode=0o600)
        draft.write_text(value)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()
