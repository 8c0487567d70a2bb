"""Folders, files, discs and ZIP archives on this machine as a source of images."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from loaders.discovery.catalogue_building import CatalogueBuilder, empty_folder_problem
from loaders.discovery.dicomdir import check_directory, relative_name
from loaders.discovery.header_scan import HeaderRecord, locator_of
from loaders.discovery.pooled_headers import HeaderReader, read_headers_in_process
from loaders.errors import SourceError
from loaders.model.frame import Frame
from loaders.model.pixel_format import FileLocator
from loaders.model.study import Catalogue
from loaders.progress import CancelToken, Progress, ProgressCallback
from loaders.stores.file_listing import Listing, list_folder
from loaders.stores.image_source import CatalogueCallback
from loaders.stores.zip_archive import ZipArchive, is_zip

_REPORT_EVERY_S = 0.1
#: A report may cost this share of the scan; a growing catalogue is therefore reported less often.
_REPORT_SHARE = 0.2


@dataclass(slots=True)
class _Scan:
    """One run: what is built, how far it is, and when it was last reported."""

    builder: CatalogueBuilder
    on_found: CatalogueCallback
    progress: ProgressCallback
    cancel: CancelToken
    total: int = 0
    done: int = 0
    next_report: float = 0.0
    lost: list[Path] = field(default_factory=list)
    directories: list[HeaderRecord] = field(default_factory=list)

    def take(self, record: HeaderRecord) -> None:
        """Add one record and report when it is time."""
        self.cancel.raise_if_cancelled()
        self.builder.add(record)
        if record["status"] == "directory":
            self.directories.append(record)
        self.done += 1
        now = time.monotonic()
        if now >= self.next_report:
            self.progress(Progress("headers", self.done, self.total))
            self.on_found(self.builder.snapshot())
            spent = time.monotonic() - now
            self.next_report = now + max(_REPORT_EVERY_S, spent / _REPORT_SHARE)


class LocalFolder:
    """An ``ImageSource`` of paths: folders (with all below), single files, a DICOMDIR (its folder), ZIP archives.

    Parameters
    ----------
    paths
        What was dropped, chosen or named. Archives are opened only when named, not when met within a folder.
    read_headers
        Reads many headers, perhaps in worker processes; without it they are read here, one by one.
    password
        For encrypted archives; kept in memory until :meth:`close`, never stored.
    passwords
        The same for single archives by path, before ``password``.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        read_headers: HeaderReader = read_headers_in_process,
        password: str | None = None,
        passwords: Mapping[Path, str] | None = None,
    ) -> None:
        self._paths = tuple(dict.fromkeys(path.absolute() for path in paths))
        self._read_headers = read_headers
        self._password = password
        self._passwords = {path.absolute(): one for path, one in (passwords or {}).items()}
        self._archives: dict[Path, ZipArchive] = {}

    @property
    def name(self) -> str:
        """The name of the folder or file, or how many there are. A folder's name may hold a patient's."""
        return self._paths[0].name if len(self._paths) == 1 else f"{len(self._paths)} paths"

    def catalogue(
        self,
        *,
        on_found: CatalogueCallback,
        progress: ProgressCallback,
        cancel: CancelToken,
    ) -> Catalogue:
        """Scan everything. Raises SourceError when a path is or goes away, PasswordNeeded, Cancelled.

        What was found before a medium went away has been reported by ``on_found``; with several paths the others are
        scanned on, and the lost one is a row ``source_lost``.
        """
        scan = _Scan(CatalogueBuilder(self._digest), on_found, progress, cancel)
        listings = [(root, self._listing(root, scan)) for root in self._paths]
        self._count(listings, scan)
        for root, listing in listings:
            self._scan_root(root, listing, scan)
        for record in scan.directories:
            self._check_directory(record, [file for _, listing in listings for file in listing.files], scan)
        catalogue = self._with_empty_folders(scan.builder.snapshot(), listings)
        progress(Progress("headers", scan.done, scan.total))
        on_found(catalogue)
        if scan.lost and len(scan.lost) == len(self._paths):
            raise SourceError(f"{self.name} is no longer there: was it taken out?", path=str(self._paths[0]))
        return catalogue

    def _listing(self, root: Path, scan: _Scan) -> Listing:
        listing = Listing()
        try:
            if root.name.upper() == "DICOMDIR" and root.is_file():
                root = root.parent
            if root.is_dir():
                for count in list_folder(root, listing, scan.cancel):
                    scan.progress(Progress("listing", scan.total + count))
            elif root.is_file() and is_zip(root):
                self._open_archive(root)
            elif root.exists():
                listing.files.append(FileLocator(root))
            else:
                raise SourceError(f"there is no such file or folder: {root}", path=str(root))
        except PermissionError as error:
            raise SourceError(f"no permission to read {root}", path=str(root)) from error
        except OSError as error:
            raise SourceError(f"{root} cannot be read: {error.strerror}", path=str(root)) from error
        return listing

    def _open_archive(self, path: Path) -> ZipArchive:
        archive = self._archives.get(path)
        if archive is None:
            archive = self._archives[path] = ZipArchive(path, self._passwords.get(path, self._password))
        return archive

    def _count(self, listings: list[tuple[Path, Listing]], scan: _Scan) -> None:
        seen: set[FileLocator] = set()
        for root, listing in listings:
            listing.files = [file for file in listing.files if file not in seen]
            seen.update(listing.files)
            scan.total += len(listing.files) + (len(self._archives[root]) if root in self._archives else 0)

    def _scan_root(self, root: Path, listing: Listing, scan: _Scan) -> None:
        for file, code, message in listing.rows:
            scan.builder.add_problem(file, code, message)
        for record in self._records(root, listing):
            if (
                record.get("code") in {"vanished", "unreadable"}
                and not record["file"]["member"]
                and not _is_there(root)
            ):
                scan.lost.append(root)
                scan.builder.add_problem(FileLocator(root), "source_lost", "no longer there: was it taken out?")
                return
            scan.take(record)

    def _records(self, root: Path, listing: Listing) -> Iterator[HeaderRecord]:
        archive = self._archives.get(root)
        if archive is not None:
            heads, refused = archive.heads()
            yield from refused
            yield from self._read_headers(heads)
        for record in self._read_headers(listing.files):
            if record["status"] == "not_dicom" and is_zip(locator_of(record).path):
                message = "an archive within a folder is not opened: open the archive itself"
                yield {**record, "status": "problem", "code": "archive_not_opened", "message": message}
            else:
                yield record

    @staticmethod
    def _check_directory(record: HeaderRecord, files: Sequence[FileLocator], scan: _Scan) -> None:
        """Add rows for what a DICOMDIR announces and is not there, or lies outside; not for one in an archive."""
        file = locator_of(record)
        if file.member:
            return
        folder = file.path.parent
        present = [relative_name(each.path, folder) for each in files if each.path.is_relative_to(folder)]
        findings = check_directory(record, present)
        for name in findings.outside:
            message = f"the DICOMDIR points out of its folder and is not followed: {name[:200]}"
            scan.builder.add_problem(file, "outside_source", message)
        for name in findings.missing:
            scan.builder.add_problem(
                FileLocator(folder.joinpath(*name.split("/"))),
                "missing_file",
                "the DICOMDIR names it, but it is not there",
            )
        if findings.more_missing:
            message = f"{findings.more_missing} more files that the DICOMDIR names are not there"
            scan.builder.add_problem(file, "missing_file", message)

    @staticmethod
    def _with_empty_folders(catalogue: Catalogue, listings: list[tuple[Path, Listing]]) -> Catalogue:
        empty = tuple(
            empty_folder_problem(root)
            for root, listing in listings
            if root.is_dir() and not listing.files and not listing.rows
        )
        return Catalogue(catalogue.studies, catalogue.problems + empty, catalogue.not_displayed)

    def _digest(self, file: FileLocator) -> str | None:
        """SHA-256 of a file's bytes; asked only for files that share a SOP Instance UID."""
        try:
            if file.member:
                return hashlib.sha256(self._archives[file.path].member_bytes(file.member)).hexdigest()
            with file.path.open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest()
        except (OSError, SourceError):
            return None

    def frame_bytes(self, frame: Frame) -> bytes | None:
        """Return an archive member's bytes; ``None`` for a plain file. Raises SourceError where it cannot be read."""
        return self.file_bytes(frame.location.file)

    def file_bytes(self, file: FileLocator) -> bytes | None:
        """Return an archive member's bytes; ``None`` for a plain file. Raises SourceError where it cannot be read."""
        return self._open_archive(file.path).member_bytes(file.member) if file.member else None

    def close(self) -> None:
        """Close archives and forget the passwords."""
        for archive in self._archives.values():
            archive.close()
        self._archives.clear()
        self._password = None
        self._passwords.clear()


def _is_there(root: Path) -> bool:
    """Whether a path still answers; a medium that was pulled out does not."""
    try:
        root.stat()
        if root.is_dir():
            next(root.iterdir(), None)
    except OSError:
        return False
    return True
