"""Backups: the whole database in one encrypted file, made while everything runs, proven, and brought back.

A file is `caseflow backup 1`, a fresh key wrapped by the installation's master key, and chunks of AES-256-GCM
(`sealed_file`). Inside is a tar, compressed by Zstandard: `about.json` first, each table's rows in the order of its
primary key as PostgreSQL's COPY writes them (`tables`), and last `manifest.json` with rows and SHA-256 of each.
"""

from caseflow.core.installation import InstallationError


class BackupError(InstallationError):
    """A backup that cannot be made, read or restored, told in one line."""
