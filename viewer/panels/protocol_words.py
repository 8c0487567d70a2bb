"""Names of hanging protocols and their stages, in the reader's language; his own keep the words he gave them."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from compare.hanging.protocol import HangingProtocol

_WORDS = cast(
    "dict[str, str]",
    {
        "compare": QT_TRANSLATE_NOOP("Protocols", "Current and prior"),
        "three_time_points": QT_TRANSLATE_NOOP("Protocols", "Three time points"),
        "mammography": QT_TRANSLATE_NOOP("Protocols", "Mammography"),
        "mammography_compare": QT_TRANSLATE_NOOP("Protocols", "Mammography with prior"),
        "radiograph": QT_TRANSLATE_NOOP("Protocols", "Radiographs with prior"),
        "side_by_side": QT_TRANSLATE_NOOP("Protocols", "side by side"),
        "two_pairs": QT_TRANSLATE_NOOP("Protocols", "two pairs of series"),
        "current_alone": QT_TRANSLATE_NOOP("Protocols", "current alone"),
        "four_views": QT_TRANSLATE_NOOP("Protocols", "four views"),
        "cc_views": QT_TRANSLATE_NOOP("Protocols", "CC views"),
        "mlo_views": QT_TRANSLATE_NOOP("Protocols", "MLO views"),
        "four_views_over_prior": QT_TRANSLATE_NOOP("Protocols", "four views above their priors"),
        "cc_over_prior": QT_TRANSLATE_NOOP("Protocols", "CC views above their priors"),
        "mlo_over_prior": QT_TRANSLATE_NOOP("Protocols", "MLO views above their priors"),
        "cc_tomosynthesis": QT_TRANSLATE_NOOP("Protocols", "CC tomosynthesis beside the synthetic views"),
        "mlo_tomosynthesis": QT_TRANSLATE_NOOP("Protocols", "MLO tomosynthesis beside the synthetic views"),
        "frontal_and_lateral": QT_TRANSLATE_NOOP("Protocols", "frontal and lateral"),
    },
)


def stage_words(protocol: HangingProtocol, number: int) -> str:
    """Return which stage of which protocol hangs, ``number`` from 0: ``Mammography: CC views (2 of 3)``."""
    stage = protocol.stages[number]
    names = [protocol.title, stage.title]
    if not protocol.is_own:
        names = [QCoreApplication.translate("Protocols", _WORDS.get(name, name)) for name in names]
    return QCoreApplication.translate("Protocols", "{protocol}: {stage} ({number} of {count})").format(
        protocol=names[0], stage=names[1], number=number + 1, count=len(protocol.stages)
    )


def kept_words(protocol: HangingProtocol) -> str:
    """Return that a layout was kept, and for which studies it will be used."""
    conditions = protocol.conditions
    kinds = " ".join(filter(None, (conditions.modality, conditions.body_part)))
    return QCoreApplication.translate("Protocols", "This layout will be used for studies like these: {kinds}.").format(
        kinds=kinds or "–"
    )
