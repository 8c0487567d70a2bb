"""How alike two names are. Support for a match, never proof of one, and never by itself a reason to refuse it.

Romanised Chinese names differ between institutions in order, hyphens and spelling (CHAN, CHEN), and a Chinese name may
be written in traditional or simplified characters. Only what is *not* explained so is called different.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

from loaders.model.patient import PersonName

#: Characters of common Hong Kong names, traditional to simplified. Not a dictionary: what is missing only stays unlike.
_SIMPLIFIED = str.maketrans(
    "陳張劉楊黃趙吳鄭馮鄧許韓蕭蔣羅葉蘇呂盧鍾譚陸賈閻龍賀顧錢湯溫龐關鄒嚴歐陽麥區馬衛孫謝譚廖練萬齊傅齡國華英偉強麗玉蘭鳳儀潔瑩慧詠詩"
    "嘉豐澤鴻俊傑賢禮義穎靜寶達運順興榮貴財發樂業勝發爾維綺綠紅芳豔蓮銘鋒鈞錦鑫雲霞飛燕麟龍鵬鴛鳴啟聲學書劍劃筆經紀緯純綱綺緣織續",
    "陈张刘杨黄赵吴郑冯邓许韩萧蒋罗叶苏吕卢钟谭陆贾阎龙贺顾钱汤温庞关邹严欧阳麦区马卫孙谢谭廖练万齐傅龄国华英伟强丽玉兰凤仪洁莹慧咏诗"
    "嘉丰泽鸿俊杰贤礼义颖静宝达运顺兴荣贵财发乐业胜发尔维绮绿红芳艳莲铭锋钧锦鑫云霞飞燕麟龙鹏鸳鸣启声学书剑划笔经纪纬纯纲绮缘织续",
)

#: Spellings of one family name in Cantonese and Mandarin romanisations, each group one character (or several alike).
_FAMILY_SPELLINGS = (
    {"CHAN", "CHEN"}, {"WONG", "WANG", "HUANG"}, {"CHEUNG", "ZHANG", "CHANG"}, {"LEE", "LI"}, {"LAU", "LIU"},
    {"HO", "HE"}, {"NG", "WU"}, {"CHENG", "ZHENG"}, {"LEUNG", "LIANG"}, {"YEUNG", "YANG"}, {"LAM", "LIN"},
    {"CHOW", "CHAU", "ZHOU"}, {"TSANG", "ZENG"}, {"KWOK", "GUO"}, {"TANG", "DENG"}, {"YIP", "YE"}, {"HUI", "XU"},
    {"LO", "LUO", "LU"}, {"FUNG", "FENG"}, {"CHOI", "TSOI", "CAI"}, {"SO", "SU"}, {"TAM", "TAN"}, {"MAK", "MAI"},
    {"KWAN", "GUAN"}, {"CHU", "ZHU"}, {"TSE", "XIE"}, {"YU", "YUE"}, {"SZETO", "SITU"}, {"AU", "OU"},
    {"POON", "PAN"}, {"TO", "DU"}, {"MA"}, {"CHUNG", "ZHONG"}, {"LUI", "LV"}, {"KO", "GAO"}, {"SIU", "XIAO"},
)  # fmt: skip
_CANONICAL = {spelling: min(group) for group in _FAMILY_SPELLINGS for spelling in group}


class NameLikeness(StrEnum):
    """How two names stand to each other. ``NOT_COMPARABLE``: one is Chinese only, the other romanised only."""

    SAME = "same"
    ALIKE = "alike"
    DIFFERENT = "different"
    MISSING = "missing"
    NOT_COMPARABLE = "not_comparable"


def compare_names(a: PersonName, b: PersonName) -> tuple[NameLikeness, str]:
    """Return the likeness and a code for what explains a spelling that is not the same."""
    if not a or not b:
        return NameLikeness.MISSING, "missing"
    by_characters = _compare_characters(_characters(a), _characters(b))
    by_words = _compare_words(_words(a), _words(b))
    if by_characters is None or by_words is None:
        return by_characters or by_words or (NameLikeness.NOT_COMPARABLE, "other_script")
    both = {by_characters[0], by_words[0]}
    if NameLikeness.DIFFERENT not in both:
        return min(by_characters, by_words, key=lambda result: result[0] is not NameLikeness.SAME)
    if both == {NameLikeness.DIFFERENT}:
        return NameLikeness.DIFFERENT, "other_value"
    # Many people share one romanised name: characters that differ weaken it; a romanisation that differs says less.
    return NameLikeness.ALIKE, "characters_differ" if by_words[0] is not NameLikeness.DIFFERENT else "romanisation"


def _characters(name: PersonName) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", name.ideographic_text))


def _words(name: PersonName) -> tuple[str, ...]:
    plain = unicodedata.normalize("NFKD", name.alphabetic_text.upper())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return tuple(re.findall(r"\w+", re.sub(r"['’]", "", plain)))


def _compare_characters(a: str, b: str) -> tuple[NameLikeness, str] | None:
    if not a or not b:
        return None
    if a == b:
        return NameLikeness.SAME, ""
    if a.translate(_SIMPLIFIED) == b.translate(_SIMPLIFIED):
        return NameLikeness.ALIKE, "traditional_simplified"
    return NameLikeness.DIFFERENT, "other_value"


def _compare_words(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[NameLikeness, str] | None:
    if not a or not b:
        return None
    if a == b:
        return NameLikeness.SAME, ""
    shorter, longer = sorted((set(a), set(b)), key=len)
    explanations = {
        "hyphens": "".join(a) == "".join(b),
        "order": sorted(a) == sorted(b) or _is_moved_family_name(a, b) or _is_moved_family_name(b, a),
        "romanisation": _canonical(a) == _canonical(b),
        "part_left_out": len(shorter) >= 2 and shorter < longer,
    }
    for reason, explains in explanations.items():
        if explains:
            return NameLikeness.ALIKE, reason
    return NameLikeness.DIFFERENT, "other_value"


def _is_moved_family_name(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Whether ``b`` is ``a`` with its first word put last, given names joined or not: CHAN TAI MAN, TAIMAN CHAN."""
    return "".join((*a[1:], a[0])) == "".join(b)


def _canonical(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(_CANONICAL.get(word, word) for word in words)
