"""What a series is called, in words that two departments share: English and Chinese to one vocabulary."""

from __future__ import annotations

import re

_STOP_WORDS = frozenset({"MM", "THE", "OF", "WITH", "AND", "SERIES", "UNNAMED", "WIP", "CT", "MR", "W", "IMAGES"})
#: What one thing is called in two departments' descriptions.
_SYNONYMS = {
    "AX": "AXIAL", "TRA": "AXIAL", "TRANS": "AXIAL", "TRANSVERSE": "AXIAL", "COR": "CORONAL", "SAG": "SAGITTAL",
    "SAGITAL": "SAGITTAL", "SAGIT": "SAGITTAL", "THORAX": "CHEST", "THX": "CHEST", "LUNGS": "LUNG", "PULM": "LUNG",
    "POUMONS": "LUNG", "ABD": "ABDOMEN", "ABDO": "ABDOMEN", "PEL": "PELVIS", "CAP": "CHEST", "HEAD": "BRAIN",
    "SKULL": "BRAIN", "CEREBRUM": "BRAIN", "C+": "CONTRAST", "POST": "CONTRAST", "GD": "CONTRAST", "CE": "CONTRAST",
    "ENHANCED": "CONTRAST", "PLAIN": "NATIVE", "NC": "NATIVE", "PRE": "NATIVE", "NONCON": "NATIVE",
    "NONCONTRAST": "NATIVE", "UNENHANCED": "NATIVE", "MEDIASTINUM": "SOFT", "MEDIASTINAL": "SOFT", "TISSUE": "SOFT",
    "ART": "ARTERIAL", "PV": "PORTAL", "PORTOVENOUS": "PORTAL", "VEN": "VENOUS", "DELAY": "DELAYED",
    "SCOUT": "LOCALIZER", "TOPOGRAM": "LOCALIZER", "SURVEY": "LOCALIZER", "LOC": "LOCALIZER", "SURVIEW": "LOCALIZER",
    "LOCALISER": "LOCALIZER", "SCANOGRAM": "LOCALIZER", "DIFFUSION": "DWI", "FATSAT": "FS",
}  # fmt: skip
#: Chinese is written without spaces: the longest of these that begins at a place is taken there.
_CHINESE = {
    "軸位": "AXIAL", "轴位": "AXIAL", "軸向": "AXIAL", "轴向": "AXIAL", "軸狀": "AXIAL", "轴状": "AXIAL",
    "橫斷": "AXIAL", "横断": "AXIAL", "橫切": "AXIAL", "橫軸": "AXIAL", "横轴": "AXIAL",
    "冠狀": "CORONAL", "冠状": "CORONAL", "矢狀": "SAGITTAL", "矢状": "SAGITTAL",
    "肺窗": "LUNG", "肺部": "LUNG CHEST", "肺": "LUNG CHEST", "骨窗": "BONE", "縱隔": "SOFT", "纵隔": "SOFT",
    "縱膈": "SOFT", "纵膈": "SOFT", "軟組織": "SOFT", "软组织": "SOFT", "標準": "STANDARD", "标准": "STANDARD",
    "平掃": "NATIVE", "平扫": "NATIVE", "非增強": "NATIVE", "非增强": "NATIVE", "無對比劑": "NATIVE",
    "无对比剂": "NATIVE", "無造影": "NATIVE", "增強": "CONTRAST", "增强": "CONTRAST", "對比劑": "CONTRAST",
    "对比剂": "CONTRAST", "造影": "CONTRAST", "顯影": "CONTRAST",
    "動脈期": "ARTERIAL CONTRAST", "动脉期": "ARTERIAL CONTRAST", "門脈期": "PORTAL CONTRAST",
    "门脉期": "PORTAL CONTRAST", "門靜脈期": "PORTAL CONTRAST", "门静脉期": "PORTAL CONTRAST",
    "靜脈期": "VENOUS CONTRAST", "静脉期": "VENOUS CONTRAST", "延遲期": "DELAYED CONTRAST",
    "延迟期": "DELAYED CONTRAST",
    "胸部": "CHEST", "胸椎": "SPINE", "胸": "CHEST", "上腹": "ABDOMEN", "全腹": "ABDOMEN", "腹部": "ABDOMEN",
    "腹": "ABDOMEN", "肝": "ABDOMEN", "盆腔": "PELVIS", "骨盆": "PELVIS", "盆": "PELVIS", "頭部": "BRAIN",
    "头部": "BRAIN", "頭": "BRAIN", "头": "BRAIN", "顱": "BRAIN", "颅": "BRAIN", "腦": "BRAIN", "脑": "BRAIN",
    "頸椎": "SPINE", "颈椎": "SPINE", "頸": "NECK", "颈": "NECK", "腰椎": "SPINE", "脊柱": "SPINE", "脊椎": "SPINE",
    "膝": "KNEE", "彌散": "DWI", "弥散": "DWI", "擴散": "DWI", "扩散": "DWI", "表觀": "ADC", "表观": "ADC",
    "水抑制": "FLAIR", "壓水": "FLAIR", "压水": "FLAIR", "壓脂": "FS", "压脂": "FS", "脂肪抑制": "FS",
    "質子": "PD", "质子": "PD", "定位": "LOCALIZER", "正位": "FRONTAL", "側位": "LATERAL", "侧位": "LATERAL",
}  # fmt: skip
_LONGEST_FIRST = re.compile("|".join(sorted(map(re.escape, _CHINESE), key=len, reverse=True)))
_IDEOGRAPHS = re.compile(r"[\u3400-\u9fff]+")
#: T1, T-1, T1W, T1WI are one word.
_RELAXATION = re.compile(r"(?<![A-Z])T[\s-]?([12])(?:W(?:I)?)?(?![0-9A-Z])")
_NON_CONTRAST = re.compile(r"\bNON[\s-]?(?:CONTRAST|CON|ENHANCED)\b|\bW/?O\b[^,;]*?\bCON(?:TRAST)?\b|(?<!\w)-C\b")

REGIONS = frozenset({"BRAIN", "NECK", "CHEST", "ABDOMEN", "PELVIS", "SPINE", "KNEE", "SHOULDER", "HIP", "BREAST"})
PHASES = frozenset({"NATIVE", "ARTERIAL", "PORTAL", "VENOUS", "DELAYED"})
_WEIGHTINGS = ("FLAIR", "STIR", "ADC", "DWI", "SWI", "TOF", "T1", "T2", "PD")


def tokens_of(text: str) -> frozenset[str]:
    """Return a description's words in the one vocabulary; numbers are left out."""
    upper = _NON_CONTRAST.sub(" NATIVE ", text.upper())
    upper = _RELAXATION.sub(lambda found: f" T{found[1]} ", upper)
    chinese = " ".join(_CHINESE[found] for found in _LONGEST_FIRST.findall(upper))
    latin = _IDEOGRAPHS.sub(" ", upper)
    words = re.findall(r"[A-Z]\+|[^\W\d_]+\d*", f"{latin} {chinese}")
    return frozenset(_SYNONYMS.get(word, word) for word in words if word not in _STOP_WORDS)


def regions_in(tokens: frozenset[str]) -> frozenset[str]:
    """Return the parts of the body that words name."""
    # What is seen with a lung kernel is the chest, whether it is called that or not.
    return tokens & REGIONS | ({"CHEST"} if "LUNG" in tokens else set())


def phase_in(tokens: frozenset[str]) -> str:
    """Return the phase of contrast that words name, empty where they name none or several."""
    named = tokens & PHASES
    return next(iter(named)) if len(named) == 1 else ""


def weighting_in(tokens: frozenset[str]) -> str:
    """Return the MR weighting that words name, the most telling one; empty where they name none."""
    return next((word for word in _WEIGHTINGS if word in tokens), "")
