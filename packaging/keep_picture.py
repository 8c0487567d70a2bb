"""Make a picture for the documentation from a screenshot: at most 1400 pixels wide, 96 colours, a modest file.

``keep_picture.py SCREENSHOT docs/pictures/NAME.png``
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

_WIDEST = 1400


def main() -> None:
    """Shrink, reduce the colours, save."""
    source, target = map(Path, sys.argv[1:3])
    with Image.open(source) as screenshot:
        picture = screenshot.convert("RGB")
    if picture.width > _WIDEST:
        size = (_WIDEST, round(picture.height * _WIDEST / picture.width))
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    target.parent.mkdir(parents=True, exist_ok=True)
    picture.quantize(96, dither=Image.Dither.NONE).save(target, optimize=True)
    print(f"{target}: {target.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
