"""What is wrong with a file, and what to do about it, in the reader's language, by stable code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication


@dataclass(frozen=True, slots=True)
class ProblemWords:
    """A sentence on what is wrong and one on what to do; both in English, for translation."""

    reason: str
    advice: str


_ASK_AGAIN = QT_TRANSLATE_NOOP("ProblemWords", "Ask the sender for another copy.")
_NOTHING = QT_TRANSLATE_NOOP("ProblemWords", "Nothing needs to be done.")

_COPY_AGAIN = QT_TRANSLATE_NOOP("ProblemWords", "Copy it again, or ask the sender for another copy.")
_PUT_IN_AGAIN = QT_TRANSLATE_NOOP("ProblemWords", "Check the disc or stick, put it in again and open it again.")
_NOT_READ = QT_TRANSLATE_NOOP("ProblemWords", "It was not read. Ask the sender what it is.")

_ASK_IT = QT_TRANSLATE_NOOP("ProblemWords", "Ask IT.")
_TRY_AGAIN_OR_IT = QT_TRANSLATE_NOOP("ProblemWords", "Try again; if it happens again, tell IT.")

_WORDS = cast(
    "dict[str, tuple[str, str]]",
    {
        "not_dicom": (QT_TRANSLATE_NOOP("ProblemWords", "Not a DICOM file"), _NOTHING),
        "duplicate": (QT_TRANSLATE_NOOP("ProblemWords", "The same image is there already"), _NOTHING),
        "conflict": (
            QT_TRANSLATE_NOOP("ProblemWords", "Another image with the same UID is there already"),
            QT_TRANSLATE_NOOP("ProblemWords", "Only the first is shown. Ask the sender which one is right."),
        ),
        "empty_file": (QT_TRANSLATE_NOOP("ProblemWords", "The file is empty"), _ASK_AGAIN),
        "empty_folder": (
            QT_TRANSLATE_NOOP("ProblemWords", "The folder holds no files"),
            QT_TRANSLATE_NOOP("ProblemWords", "Choose another folder."),
        ),
        "truncated": (QT_TRANSLATE_NOOP("ProblemWords", "The file ends too early"), _COPY_AGAIN),
        "malformed": (QT_TRANSLATE_NOOP("ProblemWords", "The file is damaged"), _COPY_AGAIN),
        "unusable_pixels": (
            QT_TRANSLATE_NOOP("ProblemWords", "Size or kind of the picture makes no sense"),
            _ASK_AGAIN,
        ),
        "no_pixels": (QT_TRANSLATE_NOOP("ProblemWords", "An image without a picture"), _ASK_AGAIN),
        "missing_uid": (QT_TRANSLATE_NOOP("ProblemWords", "The file does not say which image it is"), _ASK_AGAIN),
        "no_permission": (
            QT_TRANSLATE_NOOP("ProblemWords", "No permission to read it"),
            QT_TRANSLATE_NOOP("ProblemWords", "Copy it to a folder of your own, or ask IT for access."),
        ),
        "no_screen": (
            QT_TRANSLATE_NOOP("ProblemWords", "There is no screen"),
            QT_TRANSLATE_NOOP("ProblemWords", "Run this where there is a screen, or install Xvfb."),
        ),
        "protocol_unreadable": (
            QT_TRANSLATE_NOOP("ProblemWords", "A hanging protocol file cannot be read"),
            QT_TRANSLATE_NOOP("ProblemWords", "It is not used. Save the layout again, or remove the file."),
        ),
        "transform_unreadable": (
            QT_TRANSLATE_NOOP("ProblemWords", "The file holds no transform that can be used"),
            QT_TRANSLATE_NOOP(
                "ProblemWords", "Give a rigid transform that this program or ITK wrote, or a registration object."
            ),
        ),
        "report_refused": (
            QT_TRANSLATE_NOOP("ProblemWords", "The report was not written"),
            QT_TRANSLATE_NOOP("ProblemWords", "Measure on open images first, then export again."),
        ),
        "unreadable": (QT_TRANSLATE_NOOP("ProblemWords", "Cannot be read"), _PUT_IN_AGAIN),
        "vanished": (QT_TRANSLATE_NOOP("ProblemWords", "No longer there"), _PUT_IN_AGAIN),
        "source_lost": (QT_TRANSLATE_NOOP("ProblemWords", "No longer there"), _PUT_IN_AGAIN),
        "source_unreadable": (QT_TRANSLATE_NOOP("ProblemWords", "Cannot be read"), _PUT_IN_AGAIN),
        "missing_file": (QT_TRANSLATE_NOOP("ProblemWords", "Named by the disc, but not on it"), _PUT_IN_AGAIN),
        "outside_source": (QT_TRANSLATE_NOOP("ProblemWords", "Leads out of the folder or disc"), _NOT_READ),
        "unsafe_name": (QT_TRANSLATE_NOOP("ProblemWords", "Leads out of the archive"), _NOT_READ),
        "unsafe_path": (QT_TRANSLATE_NOOP("ProblemWords", "Leads out of the archive"), _NOT_READ),
        "ambiguous_name": (QT_TRANSLATE_NOOP("ProblemWords", "The archive has two files of this name"), _NOT_READ),
        "too_deep": (
            QT_TRANSLATE_NOOP("ProblemWords", "Folders nested too deeply"),
            QT_TRANSLATE_NOOP("ProblemWords", "Open the inner folder by itself."),
        ),
        "archive_not_opened": (
            QT_TRANSLATE_NOOP("ProblemWords", "An archive inside a folder"),
            QT_TRANSLATE_NOOP("ProblemWords", "Open the archive by itself."),
        ),
        "password_needed": (
            QT_TRANSLATE_NOOP("ProblemWords", "The archive needs a password"),
            QT_TRANSLATE_NOOP("ProblemWords", "Open it again and type the password that came with it."),
        ),
        "decode_failed": (QT_TRANSLATE_NOOP("ProblemWords", "The picture cannot be decoded"), _ASK_AGAIN),
        "codestream_mismatch": (
            QT_TRANSLATE_NOOP("ProblemWords", "The picture contradicts its description"),
            _ASK_AGAIN,
        ),
        "worker_lost": (
            QT_TRANSLATE_NOOP("ProblemWords", "Decoding the picture failed"),
            QT_TRANSLATE_NOOP("ProblemWords", "Open it again. If that does not help, ask the sender for another copy."),
        ),
        "too_large": (
            QT_TRANSLATE_NOOP("ProblemWords", "Too large to be opened"),
            QT_TRANSLATE_NOOP("ProblemWords", "Close other studies and try again, or ask the sender what it is."),
        ),
        "session_unreadable": (
            QT_TRANSLATE_NOOP("ProblemWords", "The session file cannot be read"),
            QT_TRANSLATE_NOOP("ProblemWords", "Open the studies by themselves, or another copy of the session."),
        ),
        "document_unreadable": (QT_TRANSLATE_NOOP("ProblemWords", "The document cannot be read"), _ASK_AGAIN),
        "object_unreadable": (
            QT_TRANSLATE_NOOP("ProblemWords", "What belongs to the pictures cannot be read"),
            QT_TRANSLATE_NOOP("ProblemWords", "The pictures are shown without it. Ask the sender for another copy."),
        ),
        "object_not_found": (
            QT_TRANSLATE_NOOP("ProblemWords", "It is not among what is open"),
            QT_TRANSLATE_NOOP("ProblemWords", "Open the folder or disc that holds it."),
        ),
        "cannot_reformat": (
            QT_TRANSLATE_NOOP("ProblemWords", "This series cannot be shown in other planes"),
            QT_TRANSLATE_NOOP("ProblemWords", "It is shown slice by slice, as it was made."),
        ),
        "cannot_fuse": (
            QT_TRANSLATE_NOOP("ProblemWords", "These two series cannot be shown as one picture"),
            QT_TRANSLATE_NOOP("ProblemWords", "They are shown side by side."),
        ),
        "store_error": (
            QT_TRANSLATE_NOOP("ProblemWords", "The image store cannot be used"),
            _ASK_IT,
        ),
        "store_unreachable": (
            QT_TRANSLATE_NOOP("ProblemWords", "The image store does not answer"),
            QT_TRANSLATE_NOOP("ProblemWords", "Check the network and try again. What is kept here can still be read."),
        ),
        "store_untrusted": (
            QT_TRANSLATE_NOOP("ProblemWords", "The other side did not prove to be the image store"),
            QT_TRANSLATE_NOOP("ProblemWords", "Nothing was sent. Tell IT; do not try again."),
        ),
        "store_busy": (
            QT_TRANSLATE_NOOP("ProblemWords", "The image store is busy"),
            QT_TRANSLATE_NOOP("ProblemWords", "Wait a while and try again."),
        ),
        "store_answer_unusable": (
            QT_TRANSLATE_NOOP("ProblemWords", "The image store answered with something else"),
            _TRY_AGAIN_OR_IT,
        ),
        "store_answer_broken": (
            QT_TRANSLATE_NOOP("ProblemWords", "The answer of the image store broke off"),
            _TRY_AGAIN_OR_IT,
        ),
        "wrong_object": (
            QT_TRANSLATE_NOOP("ProblemWords", "The image store sent something of another patient or study"),
            QT_TRANSLATE_NOOP("ProblemWords", "It is not shown and not kept. Tell IT."),
        ),
        "foreign_address": (
            QT_TRANSLATE_NOOP("ProblemWords", "The image store points to another address"),
            QT_TRANSLATE_NOOP("ProblemWords", "Nothing was sent there. Tell IT."),
        ),
        "store_profile": (
            QT_TRANSLATE_NOOP("ProblemWords", "The settings of the image store make no sense"),
            _ASK_IT,
        ),
        "not_signed_in": (
            QT_TRANSLATE_NOOP("ProblemWords", "You are not signed in"),
            QT_TRANSLATE_NOOP("ProblemWords", "Sign in and try again."),
        ),
        "not_found": (
            QT_TRANSLATE_NOOP("ProblemWords", "Not there, or not yours to see"),
            QT_TRANSLATE_NOOP("ProblemWords", "Check the number and the birth date."),
        ),
        "access_refused": (
            QT_TRANSLATE_NOOP("ProblemWords", "The image store refuses access"),
            QT_TRANSLATE_NOOP("ProblemWords", "Ask the user administrator of your institution."),
        ),
        "no_browser": (
            QT_TRANSLATE_NOOP("ProblemWords", "No browser opens on this computer"),
            QT_TRANSLATE_NOOP("ProblemWords", "Use a code on another device."),
        ),
        "other_person": (
            QT_TRANSLATE_NOOP("ProblemWords", "Somebody else is signed in here"),
            QT_TRANSLATE_NOOP("ProblemWords", "Close everything first, then sign in."),
        ),
        "sign_in_failed": (
            QT_TRANSLATE_NOOP("ProblemWords", "The sign-in did not go through"),
            QT_TRANSLATE_NOOP("ProblemWords", "Try again."),
        ),
        "sign_in_forged": (
            QT_TRANSLATE_NOOP("ProblemWords", "The answer to the sign-in does not belong to it"),
            QT_TRANSLATE_NOOP("ProblemWords", "You are not signed in. Try again; if it happens again, tell IT."),
        ),
        "sign_in_timed_out": (
            QT_TRANSLATE_NOOP("ProblemWords", "Nobody answered the sign-in in time"),
            QT_TRANSLATE_NOOP("ProblemWords", "Try again."),
        ),
        "keyring_refused": (
            QT_TRANSLATE_NOOP("ProblemWords", "The key ring of this computer does not open"),
            QT_TRANSLATE_NOOP("ProblemWords", "Unlock it and try again. Until then nothing is kept."),
        ),
        "library_error": (
            QT_TRANSLATE_NOOP("ProblemWords", "What is kept here cannot be used"),
            _ASK_IT,
        ),
        "library_full": (
            QT_TRANSLATE_NOOP("ProblemWords", "There is no room for more to be kept"),
            QT_TRANSLATE_NOOP("ProblemWords", "Remove studies that are kept, or make room on the disk."),
        ),
        "library_busy": (
            QT_TRANSLATE_NOOP("ProblemWords", "Another Diptych is writing to what is kept here"),
            QT_TRANSLATE_NOOP("ProblemWords", "Close it and try again."),
        ),
        "library_unreadable": (
            QT_TRANSLATE_NOOP("ProblemWords", "What is kept here cannot be read"),
            QT_TRANSLATE_NOOP("ProblemWords", "Fetch the study again."),
        ),
        "library_tampered": (
            QT_TRANSLATE_NOOP("ProblemWords", "A kept file is not what was written"),
            QT_TRANSLATE_NOOP("ProblemWords", "It is not shown. Fetch the study again, and tell IT."),
        ),
        "not_kept": (
            QT_TRANSLATE_NOOP("ProblemWords", "This study is not kept here any more"),
            QT_TRANSLATE_NOOP("ProblemWords", "Fetch it again."),
        ),
        "export_failed": (
            QT_TRANSLATE_NOOP("ProblemWords", "The folder does not take the files"),
            QT_TRANSLATE_NOOP("ProblemWords", "Choose another folder."),
        ),
        "audit_broken": (
            QT_TRANSLATE_NOOP("ProblemWords", "The record of accesses was changed"),
            QT_TRANSLATE_NOOP("ProblemWords", "Tell IT at once; do not delete it."),
        ),
        "no_uptake_volume": (
            QT_TRANSLATE_NOOP("ProblemWords", "No volume can be grown there"),
            QT_TRANSLATE_NOOP("ProblemWords", "Choose another place or threshold."),
        ),
        "association_refused": (
            QT_TRANSLATE_NOOP("ProblemWords", "The image archive refuses the connection"),
            _ASK_IT,
        ),
        "dimse_failed": (
            QT_TRANSLATE_NOOP("ProblemWords", "The image archive could not do what was asked"),
            _TRY_AGAIN_OR_IT,
        ),
        "key_ring_missing": (
            QT_TRANSLATE_NOOP("ProblemWords", "This computer has no key ring that can be used"),
            QT_TRANSLATE_NOOP("ProblemWords", "Nothing is kept on the disk. Ask IT."),
        ),
        "launch_refused": (
            QT_TRANSLATE_NOOP("ProblemWords", "The call from the other program is not accepted"),
            QT_TRANSLATE_NOOP("ProblemWords", "Open the patient by hand."),
        ),
        "target_unusable": (
            QT_TRANSLATE_NOOP("ProblemWords", "Cannot be written there"),
            QT_TRANSLATE_NOOP("ProblemWords", "Choose another folder."),
        ),
    },
)

_OTHER_ADVICE = QT_TRANSLATE_NOOP("ProblemWords", "The file is not shown. Ask the sender for another copy.")


def problem_words(code: str, message: str) -> ProblemWords:
    """Return the words for a code; a code without words of its own shows the message it came with."""
    translate = QCoreApplication.translate
    known = _WORDS.get(code)
    if known is None:
        return ProblemWords(message or code, translate("ProblemWords", cast("str", _OTHER_ADVICE)))
    return ProblemWords(translate("ProblemWords", known[0]), translate("ProblemWords", known[1]))


_REASONS = cast(
    "dict[str, str]",
    {
        "structured_report": QT_TRANSLATE_NOOP("NotDisplayed", "a report, no picture"),
        "key_object_selection": QT_TRANSLATE_NOOP("NotDisplayed", "a list of chosen images, no picture"),
        "encapsulated_document": QT_TRANSLATE_NOOP("NotDisplayed", "a document, not shown here yet"),
        "presentation_state": QT_TRANSLATE_NOOP("NotDisplayed", "a saved way of showing, not applied"),
        "segmentation": QT_TRANSLATE_NOOP("NotDisplayed", "outlines of structures, not shown"),
        "surface": QT_TRANSLATE_NOOP("NotDisplayed", "a surface, not shown"),
        "registration": QT_TRANSLATE_NOOP("NotDisplayed", "an alignment of images, no picture"),
        "raw_data": QT_TRANSLATE_NOOP("NotDisplayed", "raw data of the scanner"),
        "real_world_value_mapping": QT_TRANSLATE_NOOP("NotDisplayed", "a table of values, no picture"),
        "waveform": QT_TRANSLATE_NOOP("NotDisplayed", "a curve, no picture"),
        "spectroscopy": QT_TRANSLATE_NOOP("NotDisplayed", "spectra, no picture"),
        "radiotherapy_object": QT_TRANSLATE_NOOP("NotDisplayed", "radiotherapy data, no picture"),
        "measurement": QT_TRANSLATE_NOOP("NotDisplayed", "measurements, no picture"),
        "media_directory": QT_TRANSLATE_NOOP("NotDisplayed", "the table of contents of the disc"),
        "hanging_protocol": QT_TRANSLATE_NOOP("NotDisplayed", "a layout, no picture"),
        "colour_palette": QT_TRANSLATE_NOOP("NotDisplayed", "a colour table, no picture"),
        "video": QT_TRANSLATE_NOOP("NotDisplayed", "a video, not shown here yet"),
        "tiled_slide": QT_TRANSLATE_NOOP("NotDisplayed", "a microscope slide, not shown"),
        "no_pixels": QT_TRANSLATE_NOOP("NotDisplayed", "no picture in it"),
    },
)


def not_displayed_words(reason: str) -> str:
    """Return why a sound object has no picture here; a reason without words of its own is shown as it is."""
    source = _REASONS.get(reason)
    return QCoreApplication.translate("NotDisplayed", source) if source else reason
