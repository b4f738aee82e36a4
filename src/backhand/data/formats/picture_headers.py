"""The headers of picture files: the format and the bits per channel, by the content of a file and not its name.

Pillow reads 16-bit PNGs in colour or with alpha as 8-bit pictures, by their high bytes alone, without a warning.
"""

import zlib
from collections.abc import Iterator

READABLE_FORMATS = ("JPEG", "PNG", "WebP", "BMP")


def format_of(data: bytes) -> str:
    """The format that the first bytes announce, such as "JPEG"; "" for an unknown one."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    if data[4:8] == b"ftyp":
        return BRANDS.get(data[8:12], "")
    return next((name for head, name in SIGNATURES.items() if data.startswith(head)), "")


SIGNATURES = {
    b"\xff\xd8": "JPEG",
    b"\x89P": "PNG",
    b"BM": "BMP",
    b"GIF8": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"\xff\x0a": "JPEG XL",
    b"\0\0\0\x0cJXL ": "JPEG XL",
    b"\0\0\0\x0cjP  ": "JPEG 2000",
    b"8BPS": "Photoshop",
}
BRANDS = {
    **dict.fromkeys((b"heic", b"heix", b"hevc", b"mif1", b"msf1"), "HEIC"),
    **dict.fromkeys((b"avif", b"avis"), "AVIF"),
}


def bits_per_channel(data: bytes) -> int:
    """The bits per channel by the header; 8 where it does not say, as in WebP, which has no others.

    PNG: the bit depth of IHDR. JPEG: the precision of the frame header. BMP: 16 for pixels of 64 bits.
    """
    kind = format_of(data)
    if kind == "PNG" and data[12:16] == b"IHDR" and len(data) > 24:
        return data[24]
    if kind == "JPEG":
        return _jpeg_precision(data)
    return 16 if kind == "BMP" and bmp_bits(data) > 32 else 8


def without_metadata(data: bytes) -> bytes:
    """A PNG without texts, colour profiles, and damaged chunks that do not affect its pixels.

    Pillow refuses a picture for a wrong checksum in any chunk. EXIF data are kept where they are undamaged.
    Source: PNG (Third Edition), section 5.3: length, type, data, checksum.
    """
    chunks, end = [data[:8]], 8
    for kind, start, end in _chunks(data):
        chunk = data[start:end]
        whole = zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:])
        if kind not in TEXTS and (whole or kind not in METADATA):
            chunks.append(chunk)
    return b"".join([*chunks, data[end:]])


def has_late_metadata(data: bytes) -> bool:
    """Whether a PNG has EXIF data or texts after its pixels, so that they are known only once those are decoded."""
    kinds = [kind for kind, _, _ in _chunks(data)]
    return b"IDAT" in kinds and not {b"eXIf", *TEXTS}.isdisjoint(kinds[kinds.index(b"IDAT") :])


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The type, the start and the end of each chunk of a PNG."""
    start = 8
    while start + 12 <= len(data):
        end = start + 12 + int.from_bytes(data[start : start + 4])
        yield data[start + 4 : start + 8], start, end
        start = end


TEXTS = {b"tEXt", b"zTXt", b"iTXt", b"iCCP"}
METADATA = {b"eXIf", b"tIME", b"pHYs", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"bKGD", b"hIST", b"sPLT", b"cICP"}


def is_unusual_bmp(data: bytes, mode: str) -> bool:
    """Whether Pillow, which reads a BMP in this mode, would misread its pixels or its transparency.

    With 16 bits per pixel, it ignores a mask for transparency, which headers of 56 bytes and more may have.
    """
    bits, has_masks = bmp_bits(data), data[30:34] == b"\x03\0\0\0"
    alpha = has_masks and int.from_bytes(data[14:18], "little") >= 56 and any(data[66:70])
    return {"1": 1, "L": 8}.get(mode, bits) != bits or (bits == 16 and alpha)


def bmp_bits(data: bytes) -> int:
    """The bits per pixel of a BMP, from a header of the first version, which has 12 bytes, or of a later one."""
    offset = 24 if data[14:18] == b"\x0c\0\0\0" else 28
    return int.from_bytes(data[offset : offset + 2], "little")


def _jpeg_precision(data: bytes) -> int:
    """The precision in the first frame header (SOF0 to SOF15), after the segments before it: ITU-T T.81, B.2.2."""
    offset = 2
    while offset + 4 < len(data) and data[offset] == 0xFF:
        marker = data[offset + 1]
        if marker == 0xFF:  # fill bytes may stand before a marker
            offset += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return data[offset + 4]
        offset += 2 + int.from_bytes(data[offset + 2 : offset + 4])
    return 8
