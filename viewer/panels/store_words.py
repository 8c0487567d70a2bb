"""Words for what goes wrong with image stores, kept studies and the record of accesses, by stable code."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QT_TRANSLATE_NOOP

#: Codes that share words, the sentence on what is wrong, and the one on what to do.
_GROUPS = cast(
    "tuple[tuple[tuple[str, ...], str, str], ...]",
    (
        (
            ("store_unreachable", "dimse_failed", "store_busy"),
            QT_TRANSLATE_NOOP("ProblemWords", "The store does not answer"),
            QT_TRANSLATE_NOOP(
                "ProblemWords", "It is tried again by itself. What is kept here can be opened meanwhile."
            ),
        ),
        (
            ("store_untrusted", "foreign_address"),
            QT_TRANSLATE_NOOP("ProblemWords", "The store did not prove its identity"),
            QT_TRANSLATE_NOOP("ProblemWords", "Nothing was sent. Tell IT."),
        ),
        (
            ("store_error", "store_answer_unusable", "store_answer_broken"),
            QT_TRANSLATE_NOOP("ProblemWords", "The store's answer cannot be used"),
            QT_TRANSLATE_NOOP("ProblemWords", "Try again later, or tell IT."),
        ),
        (
            ("wrong_object",),
            QT_TRANSLATE_NOOP("ProblemWords", "The store sent something else than was asked for"),
            QT_TRANSLATE_NOOP("ProblemWords", "It is not shown. Tell IT."),
        ),
        (
            ("not_signed_in",),
            QT_TRANSLATE_NOOP("ProblemWords", "Not signed in"),
            QT_TRANSLATE_NOOP("ProblemWords", "Sign in to the store."),
        ),
        (
            ("sign_in_failed", "sign_in_timed_out", "sign_in_forged"),
            QT_TRANSLATE_NOOP("ProblemWords", "Signing in did not succeed"),
            QT_TRANSLATE_NOOP("ProblemWords", "Sign in to the store."),
        ),
        (
            ("not_found",),
            QT_TRANSLATE_NOOP("ProblemWords", "The store has no such study, or may not say so"),
            QT_TRANSLATE_NOOP("ProblemWords", "Check the identity and try again."),
        ),
        (
            ("access_refused", "association_refused"),
            QT_TRANSLATE_NOOP("ProblemWords", "The store refuses access"),
            QT_TRANSLATE_NOOP("ProblemWords", "Ask your user administrator."),
        ),
        (
            ("store_profile",),
            QT_TRANSLATE_NOOP("ProblemWords", "The store's settings cannot be used"),
            QT_TRANSLATE_NOOP("ProblemWords", "Correct them, or ask IT."),
        ),
        (
            ("library_error", "library_unreadable"),
            QT_TRANSLATE_NOOP("ProblemWords", "What is kept here cannot be read"),
            QT_TRANSLATE_NOOP("ProblemWords", "Open the study from the store."),
        ),
        (
            ("library_busy",),
            QT_TRANSLATE_NOOP("ProblemWords", "Another window writes to the library"),
            QT_TRANSLATE_NOOP("ProblemWords", "Close the other one first."),
        ),
        (
            ("keyring_refused", "key_ring_missing"),
            QT_TRANSLATE_NOOP("ProblemWords", "There is no key ring that can be used"),
            QT_TRANSLATE_NOOP("ProblemWords", "Nothing is kept on this workstation."),
        ),
        (
            ("library_full",),
            QT_TRANSLATE_NOOP("ProblemWords", "No room for kept studies"),
            QT_TRANSLATE_NOOP("ProblemWords", "Downloads wait until there is room."),
        ),
        (
            ("library_tampered",),
            QT_TRANSLATE_NOOP("ProblemWords", "A kept file is not what was written"),
            QT_TRANSLATE_NOOP("ProblemWords", "Open the study from the store."),
        ),
        (
            ("not_kept",),
            QT_TRANSLATE_NOOP("ProblemWords", "Not kept here any more"),
            QT_TRANSLATE_NOOP("ProblemWords", "Open the study from the store."),
        ),
        (
            ("audit_broken",),
            QT_TRANSLATE_NOOP("ProblemWords", "The record of accesses was changed"),
            QT_TRANSLATE_NOOP("ProblemWords", "Tell IT."),
        ),
        (
            ("launch_refused",),
            QT_TRANSLATE_NOOP("ProblemWords", "What was asked for cannot be opened"),
            QT_TRANSLATE_NOOP("ProblemWords", "Open the patient by hand."),
        ),
        (
            ("export_failed",),
            QT_TRANSLATE_NOOP("ProblemWords", "Cannot be written there"),
            QT_TRANSLATE_NOOP("ProblemWords", "Choose another folder."),
        ),
    ),
)

STORE_WORDS = {code: (reason, advice) for codes, reason, advice in _GROUPS for code in codes}
