"""Text files must be UTF-8; one in another encoding is refused with a message that names it."""

import codecs

from backhand.errors import BackhandError

WIDE = {  # the byte-order marks of the other Unicode encodings, the longer ones first
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}


def refuse_not_utf8(content: bytes, where: str, refusal: type[BackhandError]) -> None:
    """Raise `refusal`, with the encoding or the line, where a file's content is not UTF-8.

    where: the name of the file in the message. UTF-8 may begin with a byte-order mark. UTF-16 without such a mark is
    recognised by its zero bytes.
    """
    marked = (name for mark, name in WIDE.items() if content.startswith(mark))
    if encoding := next(marked, "UTF-16" if b"\0" in content[:4] else ""):
        raise refusal(f"{where} is not UTF-8 but {encoding}; save it as UTF-8 in your editor")
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise refusal(f"{where}, line {line} is not UTF-8; save the file as UTF-8 in your editor") from error
