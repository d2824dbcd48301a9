"""Files as people upload them, and files as nobody should."""

from io import BytesIO

from PIL import Image

PDF = b"%PDF-1.7\n1 0 obj << >> endobj\ntrailer << >>\n%%EOF\n"
PROGRAM = b"MZ\x90\x00\x03\x00\x00\x00"


def photo(kind: str = "JPEG", size: tuple[int, int] = (60, 40), *, turned: bool = False) -> bytes:
    """Return a picture in which a camera wrote where it was taken, and by what."""
    image = Image.new("RGB", size, (200, 30, 30))
    exif = Image.Exif()
    exif[0x010F] = "Camera of Ana"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (50.0, 27.0, 0.0)
    if turned:
        exif[0x0112] = 6
    out = BytesIO()
    image.save(out, kind, exif=exif, comment="taken at home")
    return out.getvalue()
