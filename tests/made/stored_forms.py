"""One photograph in every mode and format in which a picture may be stored, as bytes."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image, ImageChops, ImageCms

Form = Callable[[Image.Image], bytes]


def saved(picture: Image.Image, file_format: str, **options: Any) -> bytes:
    data = io.BytesIO()
    picture.save(data, file_format, **options)
    return data.getvalue()


def with_alpha(picture: Image.Image) -> Image.Image:
    """Transparent at the left edge only, so that it stays the same picture over any ground."""
    alpha = np.full(picture.size[::-1], 255, np.uint8)
    alpha[:, : picture.width // 100] = 0
    made = picture.convert("RGBA")
    made.putalpha(Image.fromarray(alpha))
    return made


def hidden_by_alpha(picture: Image.Image) -> Image.Image:
    """The picture is in the colours only where it shows; hidden pixels hold noise."""
    alpha = np.zeros(picture.size[::-1], np.uint8)
    alpha[:, : picture.width] = np.asarray(picture.convert("L"))
    noise = np.zeros((picture.height, picture.width, 3), np.uint8)
    made = Image.fromarray(noise).convert("RGBA")
    made.putalpha(Image.fromarray(255 - alpha))
    return made  # black under the negative: over white it is the picture in grey


def sixteen(picture: Image.Image) -> Image.Image:
    grey = np.asarray(picture.convert("L"), np.uint16)
    return Image.fromarray(grey * 257)


def twelve_in_sixteen(picture: Image.Image) -> Image.Image:
    grey = np.asarray(picture.convert("L"), np.uint16)
    return Image.fromarray(grey * 16)


def interlaced_png(picture: Image.Image) -> bytes:
    import png  # PyPI pypng, a test dependency: Pillow does not write Adam7

    data = io.BytesIO()
    rows = np.asarray(picture.convert("RGB")).reshape(picture.height, -1)
    writer = png.Writer(picture.width, picture.height, greyscale=False, interlace=True)
    writer.write(data, rows.tolist())
    return data.getvalue()


def deep_png(picture: Image.Image) -> bytes:
    import png

    data = io.BytesIO()
    rows = np.asarray(picture.convert("RGB"), np.uint16).reshape(picture.height, -1) * 257
    png.Writer(picture.width, picture.height, greyscale=False, bitdepth=16).write(
        data, rows.tolist()
    )
    return data.getvalue()


def ycck_jpeg(picture: Image.Image) -> bytes:
    """Luma and chroma in the first three of four planes, and an Adobe marker that says so.

    Pillow writes only CMYK: the planes are made here, and transform 0 becomes 2 (Adobe TN 5116).
    As Photoshop does, all four are stored inverted.
    """
    luma_chroma = np.asarray(ImageChops.invert(picture.convert("RGB")).convert("YCbCr"))
    planes = np.dstack([luma_chroma, np.full(luma_chroma.shape[:2], 255, np.uint8)])
    data = bytearray(saved(Image.fromarray(255 - planes, "CMYK"), "JPEG", quality=95))
    at = data.index(b"Adobe")
    data[at + 11] = 2
    return bytes(data)


def lab_tiff(picture: Image.Image) -> bytes:
    to_lab = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
    )
    made = ImageCms.applyTransform(picture.convert("RGB"), to_lab)
    assert made is not None
    return saved(made, "TIFF")


def exif_rotated(picture: Image.Image) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6  # shown after a quarter turn clockwise
    return saved(picture.transpose(Image.Transpose.ROTATE_90), "JPEG", quality=90, exif=exif)


def several(file_format: str, **options: Any) -> Form:
    """The picture as the second of three frames or pages, between two plain ones."""

    def make(picture: Image.Image) -> bytes:
        grey = Image.new("RGB", picture.size, (90, 90, 90))
        return saved(
            grey, file_format, save_all=True, append_images=[picture.copy(), grey.copy()], **options
        )

    return make


def simple(mode: str, file_format: str, **options: Any) -> Form:
    return lambda picture: saved(picture.convert(mode), file_format, **options)


def heic(picture: Image.Image) -> bytes:
    import pillow_heif

    pillow_heif.register_heif_opener(thumbnails=False)
    return saved(picture, "HEIF", quality=80)


FORMS: dict[str, Form] = {
    "JPEG": simple("RGB", "JPEG", quality=90),
    "JPEG, grey": simple("L", "JPEG", quality=90),
    "JPEG, progressive": simple("RGB", "JPEG", quality=90, progressive=True),
    "JPEG, CMYK": simple("CMYK", "JPEG", quality=90),
    "JPEG, YCCK": ycck_jpeg,
    "JPEG, RGB without chroma": simple("RGB", "JPEG", quality=90, keep_rgb=True),
    "JPEG, 4:4:4": simple("RGB", "JPEG", quality=90, subsampling=0),
    "JPEG, turned by Exif": exif_rotated,
    "JPEG, two pictures (MPO)": lambda p: saved(
        p, "MPO", save_all=True, append_images=[p.resize((p.width // 2, p.height // 2))]
    ),
    "PNG": simple("RGB", "PNG"),
    "PNG, interlaced": interlaced_png,
    "PNG, grey": simple("L", "PNG"),
    "PNG, palette": lambda p: saved(p.convert("P", palette=Image.Palette.ADAPTIVE), "PNG"),
    "PNG, palette of 16": lambda p: saved(
        p.convert("P", palette=Image.Palette.ADAPTIVE, colors=16), "PNG"
    ),
    "PNG, palette, transparent": lambda p: saved(with_alpha(p).quantize(200), "PNG"),
    "PNG, 1 bit": simple("1", "PNG"),
    "PNG, 16 bit grey": lambda p: saved(sixteen(p), "PNG"),
    "PNG, 16 bit colour": deep_png,
    "PNG, opaque alpha": simple("RGBA", "PNG"),
    "PNG, alpha": lambda p: saved(with_alpha(p), "PNG"),
    "PNG, grey and alpha": lambda p: saved(with_alpha(p).convert("LA"), "PNG"),
    "PNG, drawn in alpha only": lambda p: saved(hidden_by_alpha(p), "PNG"),
    "APNG": several("PNG"),
    "GIF": simple("RGB", "GIF"),
    "GIF, transparent": lambda p: saved(with_alpha(p), "GIF"),
    "GIF, animated": several("GIF", duration=50),
    "WebP": simple("RGB", "WEBP", quality=90),
    "WebP, lossless": simple("RGB", "WEBP", lossless=True),
    "WebP, alpha": lambda p: saved(with_alpha(p), "WEBP", quality=90),
    "WebP, animated": several("WEBP", duration=50),
    "AVIF": simple("RGB", "AVIF", quality=80, speed=9),
    "AVIF, alpha": lambda p: saved(with_alpha(p), "AVIF", quality=80, speed=9),
    "AVIF, sequence": several("AVIF", quality=80, speed=9),
    "HEIC (extra heic)": heic,
    "TIFF": simple("RGB", "TIFF"),
    "TIFF, LZW": simple("RGB", "TIFF", compression="tiff_lzw"),
    "TIFF, deflate": simple("RGB", "TIFF", compression="tiff_adobe_deflate"),
    "TIFF, JPEG": simple("RGB", "TIFF", compression="jpeg"),
    "TIFF, fax (1 bit)": simple("1", "TIFF", compression="group4"),
    "TIFF, CMYK": simple("CMYK", "TIFF"),
    "TIFF, Lab": lab_tiff,
    "TIFF, 16 bit": lambda p: saved(sixteen(p), "TIFF"),
    "TIFF, 12 bit in 16": lambda p: saved(twelve_in_sixteen(p), "TIFF"),
    "TIFF, floating point": lambda p: saved(
        Image.fromarray(np.asarray(p.convert("L"), np.float32) / 255), "TIFF"
    ),
    "TIFF, 32 bit": lambda p: saved(
        Image.fromarray(np.asarray(p.convert("L"), np.int32) * 4096), "TIFF"
    ),
    "TIFF, several pages": several("TIFF"),
    "BMP": simple("RGB", "BMP"),
    "BMP, palette": lambda p: saved(p.quantize(256), "BMP"),
    "BMP, 1 bit": simple("1", "BMP"),
    "JPEG 2000": simple("RGB", "JPEG2000", quality_mode="rates", quality_layers=[8]),
    "ICO": lambda p: saved(p.resize((256, 256)), "ICO", sizes=[(256, 256)]),
    "PPM": simple("RGB", "PPM"),
    "TGA": simple("RGB", "TGA"),
    "PCX": simple("RGB", "PCX"),
}
"""Name to maker. Each gives a file that shows the picture it was made from."""
