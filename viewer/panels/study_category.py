"""The three categories in which Hong Kong's eHealth shares radiology: simple, advanced and fusion."""

from __future__ import annotations

from enum import StrEnum

from loaders.model.study import Study


class StudyCategory(StrEnum):
    """``OTHER`` holds what the scheme does not name (secondary captures, photographs): shown, never dropped."""

    SIMPLE = "simple"
    ADVANCED = "advanced"
    FUSION = "fusion"
    OTHER = "other"


#: X-ray, fluoroscopy, ultrasound, mammography and nuclear medicine, by Modality (0008,0060), PS3.3 C.7.3.1.1.1.
_SIMPLE = frozenset({"CR", "DX", "DR", "RG", "PX", "IO", "RF", "XA", "US", "IVUS", "MG", "NM", "BMD"})
_ADVANCED = frozenset({"CT", "MR"})
_FUSION = frozenset({"PT"})


def study_category(study: Study) -> StudyCategory:
    """Return the category of a whole study: the CT of a PET-CT belongs to the fusion examination it was made in.

    SPECT-CT counts as advanced by its CT: the scheme names only positron emission as fusion.
    """
    modalities = {series.modality.strip().upper() for series in study.series}
    if modalities & _FUSION:
        return StudyCategory.FUSION
    if modalities & _ADVANCED:
        return StudyCategory.ADVANCED
    if modalities & _SIMPLE:
        return StudyCategory.SIMPLE
    return StudyCategory.OTHER
