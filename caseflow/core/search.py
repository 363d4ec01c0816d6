"""Names across scripts: keys that are equal when two spellings may be the same name, and the order to show them in.

A name is reduced to the skeleton of its consonants, the part that Cyrillic, Latin and Arabic script agree on. The
index holds, per word, the skeleton and every skeleton with one letter left out; a query asks for the same. So two
skeletons that differ by one letter (left out, added or changed) share a key, and `=` on int4 is all the database needs.
"""

import itertools
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TypeVar
from zlib import crc32

from anyascii import anyascii
from rapidfuzz.distance import JaroWinkler

T = TypeVar("T")

MIN_WORD = 2
"""Letters a word needs: a single letter is an initial and finds everybody."""

MIN_DELETION = 3
"""Consonants a skeleton needs before one may be left out: fewer would leave a single one."""

REMEMBERED = 2_048
"""Words whose forms a process keeps, about 1 kB each: parts of names come again and again, whole names seldom."""

# Arabic script letter by letter (Arabic, Persian, Sorani): its transliteration would make س + ه look like ش.
# Vowel letters, hamza and ayn are absent and so fall away; و is decided by its neighbours.
_ARABIC = {
    letter: sound
    for sound, letters in {
        "b": "ب", "p": "پ", "t": "تط", "s": "ثسص", "j": "جژ", "C": "چ", "h": "حخهھ", "d": "د", "z": "ذزضظ",
        "r": "رڕ", "S": "ش", "g": "غگ", "k": "قكک", "l": "لڵ", "m": "م", "n": "ن", "v": "فڤ",
    }.items()
    for letter in letters
}  # fmt: skip
_ARABIC_VOWELS = frozenset("اآێۆە")

_LATIN_MARKS = str.maketrans({"ç": "ch", "ş": "sh", "š": "sh", "č": "ch", "ž": "zh", "ң": "н", "ŋ": "n"})
# Longest first: the same sound as German, Russian, English, Turkish and passport spelling write it.
_SOUNDS = (
    ("tsch", "C"), ("dsch", "j"), ("shch", "S"), ("sch", "S"), ("dzh", "j"), ("tch", "C"), ("ch", "C"), ("sh", "S"),
    ("zh", "j"), ("dj", "j"), ("kh", "h"), ("gh", "g"), ("ph", "v"), ("dh", "z"), ("th", "t"), ("ck", "k"),
    ("q", "k"), ("x", "h"), ("w", "v"), ("f", "v"), ("c", "k"),
)  # fmt: skip

# "son of", "daughter of": one register writes Қайратұлы and the other Кайратович of the same man.
_PATRONYMIC = re.compile(
    r"(?:ovich|evich|ovna|evna|ichna|uly|kyzy|qyzy|qizi|kizi|ugli|ogli|ogly|o.?g.?li|uulu|zoda|zodah?|zade|zadeh)$"
)
_PARTICLES = frozenset([
    "al", "el", "ibn", "bin", "bint", "ben", "ould", "аль", "эль", "ибн", "бин", "ال", "بن", "ابن",
])  # fmt: skip
# These are articles only when a hyphen ties them to the next word: as-Sudani, ар-Рахман.
_TIED = frozenset([
    "as", "ad", "ar", "an", "ash", "az", "at", "ul", "ud", "ur", "us", "ас", "ад", "ар", "ан", "аш", "аз",
    "ат", "уль", "ур",
])  # fmt: skip
_JOINS_AFTER = frozenset([
    "abd", "abdul", "abdel", "abdal", "abdur", "abdu", "zul", "dhul", "абд", "абдул", "абдель", "абду",
    "عبد", "ذو",
])  # fmt: skip
_JOINS_BEFORE = frozenset([
    "ullah", "ullo", "ulloh", "din", "deen", "uddin", "eddin", "аддин", "уддин", "дин", "улла", "уллах",
    "الله", "الدين",
])  # fmt: skip

_WORDS = re.compile(r"[^\W\d_]+(?:[ʻʼ'’`][^\W\d_]+)*")
_APOSTROPHES = re.compile(r"[ʻʼ'’`]")
_MARKS = re.compile(r"[\u0640\u064b-\u0652\u0670\u200c-\u200f]")


def _joined(first: str, second: str) -> str:
    """Two words as one; the alef of an article inside a word is not spoken, and would make a consonant of a و."""
    return first + (second[1:] if second.startswith("ال") else second)


def _words(name: str) -> list[str]:
    """The words of a name that carry it: articles left out, Abdul joined to what follows, -al-Din to what precedes."""
    text = _MARKS.sub("", unicodedata.normalize("NFKC", name)).lower()
    found: list[str] = []
    joining = False
    matches = list(_WORDS.finditer(text))
    for position, match in enumerate(matches):
        word = _APOSTROPHES.sub("", match.group())
        last = position + 1 == len(matches)
        tied = text[match.end() : match.end() + 1] in {"-", "‐", "–"}
        if not last and (word in _PARTICLES or (tied and word in _TIED)):
            continue
        if found and (joining or word in _JOINS_BEFORE):
            found[-1] = _joined(found[-1], word)
        else:
            found.append(word)
        joining = word in _JOINS_AFTER
    return [word for word in found if len(word) >= MIN_WORD]


def _arabic_skeleton(word: str) -> str:
    """The consonants of a word in Arabic script; و counts as one at the start and beside a written vowel."""
    word = re.sub(r"(.)\1", r"\1", word).replace("تش", "چ")
    if len(word) > 4 and word.endswith("زاده"):
        word = word[:-4]
    letters = []
    for position, letter in enumerate(word):
        if letter == "و":
            beside = word[max(position - 1, 0) : position] + word[position + 1 : position + 2]
            if position == 0 or _ARABIC_VOWELS.intersection(beside):
                letters.append("v")
        elif not (letter in "هھ" and position == len(word) - 1):
            letters.append(_ARABIC.get(letter, ""))
    return "".join(letters)


def _latin_skeleton(word: str) -> str:
    """The consonants of a word in any other script, by its transliteration."""
    text = re.sub(r"[^a-z]", "", anyascii(word.translate(_LATIN_MARKS)).lower())
    stem = _PATRONYMIC.sub("", text)
    text = stem if len(stem) > MIN_WORD else text
    text = re.sub(r"(.)\1+", r"\1", text)
    for spelling, sound in _SOUNDS:
        text = text.replace(spelling, sound)
    return re.sub(r"[aeiouy]|h$", "", text)


def _is_arabic(word: str) -> bool:
    return any("\u0600" <= letter <= "\u06ff" for letter in word)


@lru_cache(maxsize=REMEMBERED)
def skeleton(word: str) -> str:
    """The consonants of one word, in an alphabet of our own; never empty: a word of vowels alone gives "a"."""
    word = _APOSTROPHES.sub("", _MARKS.sub("", unicodedata.normalize("NFKC", word)).lower())
    return (_arabic_skeleton(word) if _is_arabic(word) else _latin_skeleton(word)) or "a"


def _skeletons(word: str) -> set[str]:
    """The skeleton of a word and, where it may begin with the Arabic article, the one without it."""
    found = {skeleton(word)}
    if word.startswith("ال") and len(word) > 4:
        found.add(skeleton(word[2:]))
    return found


def _shortened(bones: str) -> set[str]:
    if len(bones) < MIN_DELETION:
        return set()
    return {bones[:position] + bones[position + 1 :] for position in range(len(bones))}


def _key(bones: str) -> int:
    """A stable hash of a skeleton, as PostgreSQL's signed int4."""
    value = crc32(bones.encode())
    return value - (1 << 32) if value >= 1 << 31 else value


@lru_cache(maxsize=REMEMBERED)
def _word_keys(word: str) -> frozenset[int]:
    exact = _skeletons(word)
    return frozenset(_key(bones) for bones in exact.union(*map(_shortened, exact)))


def name_keys(*names: str) -> frozenset[int]:
    """The keys (int4) to store for one person: all names, in every script, that the person is written with."""
    keys: set[int] = set()
    for name in names:
        words = _words(name)
        for word in words:
            keys |= _word_keys(word)
        keys.update(_key(skeleton(_joined(first, second))) for first, second in itertools.pairwise(words))
    return frozenset(keys)


def query_keys(query: str) -> list[frozenset[int]]:
    """One set of keys per word of a query; a person matches a word when any of its keys is stored for the person.

    The skeleton of two neighbouring words joined stands in both sets: إمام علي finds Emomali.
    """
    words = _words(query)
    found = [set(_word_keys(word)) for word in words]
    for position, (first, second) in enumerate(itertools.pairwise(words)):
        joined = _key(skeleton(_joined(first, second)))
        found[position].add(joined)
        found[position + 1].add(joined)
    return [frozenset(keys) for keys in found]


@lru_cache(maxsize=REMEMBERED)
def _folded(word: str) -> str:
    return re.sub(r"[^a-z]", "", anyascii(word.translate(_LATIN_MARKS)).lower())


def _likeness(asked: str, held: str) -> float:
    """How alike two words are, 0 to 1: as spelled, and by their consonants where the scripts differ."""
    if asked == held:
        return 1.0
    spelled = JaroWinkler.similarity(_folded(asked), _folded(held))
    bones = JaroWinkler.similarity(skeleton(asked), skeleton(held))
    alike = 0.6 * spelled + 0.4 * bones
    begins = len(asked) > MIN_WORD and _folded(held).startswith(_folded(asked) or "-")
    return max(alike, 0.9) if begins else alike


def _score(asked: Sequence[str], held: Sequence[str]) -> float:
    """The mean likeness of the asked words, each paired with another held word, the best pairs first."""
    pairs = sorted(
        ((_likeness(a, h), i, j) for i, a in enumerate(asked) for j, h in enumerate(held)),
        key=lambda pair: -pair[0],
    )
    total, used_asked, used_held = 0.0, set[int](), set[int]()
    for likeness, i, j in pairs:
        if i not in used_asked and j not in used_held:
            total += likeness
            used_asked.add(i)
            used_held.add(j)
    return total / len(asked)


def rank(query: str, candidates: Iterable[tuple[T, Sequence[str]]], limit: int = 50) -> list[tuple[T, float]]:
    """Order candidates (item, its names as written) by likeness to the query, best first, with the score 0 to 1.

    The order of words does not matter. Each name is compared as a whole, and joined, and the best one counts.
    """
    asked = _words(query)
    if not asked:
        return []
    scored: list[tuple[T, float]] = []
    for item, names in candidates:
        best = 0.0
        for name in names:
            held = _words(name)
            if held:
                joined = _likeness("".join(asked), "".join(held)) if len(asked) != len(held) else 0.0
                best = max(best, _score(asked, held), joined)
        scored.append((item, best))
    scored.sort(key=lambda pair: -pair[1])
    return scored[:limit]
