"""What a piece of HTML says: its text, and its attributes by name."""

from html.parser import HTMLParser

VOID = {"img", "line", "circle", "polyline", "meta", "link", "br"}


class Markup(HTMLParser):
    """The text without styles, the attributes, and the tags; AssertionError where tags do not close as they opened."""

    def __init__(self, page):
        super().__init__()
        self.text, self.attributes, self.tags, self._open = "", {}, [], []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, []).append(value)
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_data(self, data):
        if self._open[-1:] != ["style"]:
            self.text += data
